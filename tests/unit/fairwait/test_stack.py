"""Which servers a run stands on: a URL wins, then FAIRWAIT_STACK, then the embedded ones."""

from pathlib import Path

import pytest

from fairwait.servers import (
    ExternalKafka,
    ExternalMongo,
    NativeKafka,
    SecantusMongo,
    ServerFailed,
    Stack,
    TansuKafka,
)

HERE = Path()


def test_without_a_word_the_servers_are_embedded() -> None:
    stack = Stack.choose(directory=HERE, environment={})

    assert isinstance(stack.kafka, TansuKafka)
    assert isinstance(stack.mongo, SecantusMongo)
    assert not stack.idempotence


def test_a_native_stack_is_durable_and_idempotent() -> None:
    stack = Stack.choose(directory=HERE, environment={"FAIRWAIT_STACK": "native"})

    assert isinstance(stack.kafka, NativeKafka)
    assert stack.durable
    assert stack.idempotence


def test_a_given_url_wins_over_the_kind() -> None:
    given = {"FAIRWAIT_STACK": "native", "FAIRWAIT_KAFKA__BOOTSTRAP": "kafka.example:9092"}

    stack = Stack.choose(directory=HERE, environment=given)

    assert stack.kafka == ExternalKafka("kafka.example:9092", idempotence=True)
    assert isinstance(stack.mongo, SecantusMongo)


def test_a_given_cluster_may_be_one_without_idempotence() -> None:
    given = {
        "FAIRWAIT_KAFKA__BOOTSTRAP": "kafka.example:9092",
        "FAIRWAIT_KAFKA__IDEMPOTENCE": "False",
        "FAIRWAIT_MONGO__URI": "mongodb://mongo.example/",
    }

    stack = Stack.choose(directory=HERE, environment=given)

    assert not stack.idempotence
    assert stack.mongo == ExternalMongo("mongodb://mongo.example/")


def test_an_external_stack_needs_both_urls() -> None:
    with pytest.raises(ServerFailed, match="FAIRWAIT_KAFKA__BOOTSTRAP"):
        Stack.choose("external", directory=HERE, environment={})


def test_a_misspelt_kind_is_refused() -> None:
    with pytest.raises(ServerFailed, match="FAIRWAIT_STACK is 'embeded'"):
        Stack.choose(directory=HERE, environment={"FAIRWAIT_STACK": "embeded"})


def test_a_description_never_holds_a_password() -> None:
    given = {"FAIRWAIT_MONGO__URI": "mongodb://somebody:secret@mongo.example/"}

    assert "secret" not in Stack.choose(directory=HERE, environment=given).description
