"""The synthetic world of a local run: where its people live."""
