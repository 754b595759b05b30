"""The servers that a local run and the tests stand on.

For one machine only. Everything listens on loopback, nothing asks for a password, and the
embedded broker forgets all it had when it ends.
"""

from fairwait.servers.child import ServerFailed
from fairwait.servers.external import External
from fairwait.servers.kafka import ExternalKafka, TansuKafka
from fairwait.servers.mongo import ExternalMongo, SecantusMongo
from fairwait.servers.native_kafka import NativeKafka, why_no_native_kafka
from fairwait.servers.stack import Stack, StackKind

__all__ = [
    "External",
    "ExternalKafka",
    "ExternalMongo",
    "NativeKafka",
    "SecantusMongo",
    "ServerFailed",
    "Stack",
    "StackKind",
    "TansuKafka",
    "why_no_native_kafka",
]
