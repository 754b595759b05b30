"""The books are read where the services keep them."""

import importlib
from typing import Any

import pytest

from chassis.settings import Settings
from contracts.topics import Service, read_by
from fairwait.commands.config import settings_of
from fairwait.system.books import KEYED, SERVICES


def declared(service: Service) -> Any:
    app = importlib.import_module(f"{service}.app")
    found = getattr(app, "service", None) or getattr(app, service)
    settings: Settings = settings_of(service)(service=service)
    return found(settings) if callable(found) else found


@pytest.mark.parametrize("service", SERVICES)
def test_every_collection_that_numbers_events_is_known(service: Service) -> None:
    declaration = declared(service).declaration()

    # What is sent to us from outside is not numbered, and nobody reads about releases.
    heard = {declaration.keyed_by[topic.name] for topic in read_by(service) if topic.writer}
    said = {where for topic, where in declaration.streams.items() if topic != "dataset"}
    assert set(KEYED[service]) == heard | said
