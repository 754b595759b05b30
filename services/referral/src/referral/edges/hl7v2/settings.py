"""What an operator may set for the HL7 v2 listener: `FAIRWAIT_REFERRAL__MLLP__...`."""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from chassis.settings import Section
from contracts.identifiers import OdsCode


class MllpSection(Section):
    """The listener; off while `port` is 0.

    Whose messages they are is known before the first one is read. With TLS the names in the client's
    certificate say it, by `certificates`; without it, all that connect are `organisation`, so such a
    port is for the inside of one trust's network. `facilities` maps what its systems write in MSH-4
    to the ODS code it stands for; the code itself always does.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    organisation: OdsCode | None = None
    facilities: dict[str, OdsCode] = Field(default={})
    certificates: dict[str, OdsCode] = Field(default={})
    certificate_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    character_set: Literal["ASCII", "8859/1", "UNICODE UTF-8", "CP1252"] = "ASCII"
    """What senders use who leave MSH-18 empty."""
    connections: int = Field(default=200, ge=1, le=10_000)
    connections_each: int = Field(default=50, ge=1, le=10_000)
    """Of one organisation, so that it leaves some for the others."""
    messages_per_minute: int = Field(default=3000, ge=1)
    """Of one organisation; what comes faster is taken later, and nothing is refused for it."""
    message_seconds: float = Field(default=30.0, gt=0, le=300)
    """For one message to arrive, to be taken, and for its answer to be read."""
    idle_seconds: float = Field(default=3600.0, gt=0)

    @property
    def tls(self) -> bool:
        return self.certificate_file is not None

    @property
    def local(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @model_validator(mode="after")
    def _tells_senders_apart(self) -> "MllpSection":
        if not self.port:
            return self
        if self.tls and not (self.key_file and self.ca_file and self.certificates):
            raise ValueError("TLS needs key_file, ca_file and certificates")
        if not self.tls and self.organisation is None:
            raise ValueError("without TLS the port needs an organisation")
        return self
