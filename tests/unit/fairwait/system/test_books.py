"""The books are read where the services keep them."""

import importlib
from typing import Any

import pytest

from chassis.settings import Settings
from contracts.topics import CAPACITY, Service, read_by
from fairwait.commands.config import settings_of
from fairwait.system.books import LEDGER, PATHWAYS
from matching.repositories import SESSIONS
from reporting.repositories import CHAINS


def declared(service: Service) -> Any:
    app = importlib.import_module(f"{service}.app")
    found = getattr(app, "service", None) or getattr(app, service)
    settings: Settings = settings_of(service)(service=service)
    return found(settings) if callable(found) else found


@pytest.mark.parametrize("service", PATHWAYS)
def test_every_pathway_topic_is_numbered_where_the_books_look(service: Service) -> None:
    declaration = declared(service).declaration()

    # What is sent to us from outside is not numbered.
    heard = {declaration.keyed_by[topic.name] for topic in read_by(service) if topic.writer}
    said = {where for topic, where in declaration.streams.items() if topic != CAPACITY.name}
    assert heard | said == {PATHWAYS[service]}


def test_reporting_counts_in_its_ledger() -> None:
    assert LEDGER == CHAINS


def test_sessions_are_counted_where_matching_keeps_them() -> None:
    assert declared("matching").declaration().streams[CAPACITY.name] == SESSIONS
