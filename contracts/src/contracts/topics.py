"""The topic catalogue: every topic of the system, its key, who writes it and who reads it."""

from dataclasses import dataclass
from typing import Literal

Service = Literal["referral", "matching", "notifications", "reporting"]

# Divides by 2, 3, 4 and 6 replicas. The same everywhere and never changed: an event goes out on
# the partition number that its cause came in on.
PARTITIONS = 12
DEFAULT_RETENTION_DAYS = 28


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `writer` None means that organisations outside Fairwait write it."""

    name: str
    key: str
    writer: Service | None
    readers: tuple[Service, ...]
    purpose: str
    retention_days: int = DEFAULT_RETENTION_DAYS
    partitions: int = PARTITIONS

    def dead_letters(self, reader: Service) -> str:
        """The name of the topic that takes what `reader` could not read from this one."""
        return f"{self.name}.{reader}.dlt"


SUBMISSION = Topic(
    "submission",
    key="the publisher's own key, not interpreted",
    writer=None,
    readers=("referral", "matching"),
    purpose="What trusts and providers tell Fairwait: referrals, appointments, clocks, capacity.",
)
IDENTITY = Topic(
    "identity",
    key="pathway_id",
    writer="referral",
    readers=("notifications",),
    purpose="Who the patient of a pathway is and how to reach them. The only topic with names.",
)
REFERRAL = Topic(
    "referral",
    key="pathway_id",
    writer="referral",
    readers=("matching", "notifications", "reporting"),
    purpose="Referrals received, changed or rejected, the right to choose, the RTT clock, transfers.",
)
APPOINTMENT = Topic(
    "appointment",
    key="pathway_id",
    writer="referral",
    readers=("matching", "notifications", "reporting"),
    purpose="Appointments and admissions: booked, moved, cancelled, missed, attended.",
)
OFFER = Topic(
    "offer",
    key="pathway_id",
    writer="matching",
    readers=("referral", "notifications", "reporting"),
    purpose="Shortlists, held places, accepted, lapsed and expired offers.",
)
CAPACITY = Topic(
    "capacity",
    key="capacity_id",
    writer="matching",
    readers=("reporting",),
    purpose="Sessions with places that providers declared.",
)
RESPONSE = Topic(
    "response",
    key="pathway_id",
    writer="notifications",
    readers=("referral", "matching", "reporting"),
    purpose="What patients answered.",
)
NOTIFICATION = Topic(
    "notification",
    key="pathway_id",
    writer="notifications",
    readers=("reporting",),
    purpose="Messages intended for patients and what became of them.",
)
DATASET = Topic(
    "dataset",
    key="dataset_id",
    writer="reporting",
    readers=(),
    purpose="Releases of the data set.",
)

TOPICS: tuple[Topic, ...] = (
    SUBMISSION,
    IDENTITY,
    REFERRAL,
    APPOINTMENT,
    OFFER,
    CAPACITY,
    RESPONSE,
    NOTIFICATION,
    DATASET,
)

BY_NAME = {topic.name: topic for topic in TOPICS}


def read_by(service: Service) -> tuple[Topic, ...]:
    """The topics that `service` reads, in catalogue order."""
    return tuple(topic for topic in TOPICS if service in topic.readers)
