#!/bin/sh
# Resolves requirements/*.in into fully pinned, hashed lists that name no package index.
# run.txt takes its versions from dev.txt, so that what people run is what was tested.
# A pin that is there stays as it is: pass --upgrade to move them all, or edit an .in file.
set -eu
cd "$(dirname "$0")"
uv=${UV:-../.venv/bin/uv}

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header "$@"
}

compile dev.in --output-file dev.txt "$@"
compile run.in --constraint dev.txt --output-file run.txt "$@"
if grep -nE '(https?|file)://|--(index|extra-index|find-links)' run.txt dev.txt; then
    echo "requirements: the lines above name a package index or a file" >&2
    exit 1
fi
