"""What an operator may set for this service: `FAIRWAIT_NOTIFICATIONS__...`."""

from datetime import date, time

from pydantic import Field, SecretStr

from chassis.settings import Section, Settings, development_secret
from notifications.domain.windows import Window

# The form of a GOV.UK Notify key: a name and two UUIDs.
_NOBODYS_KEY = "00000000-0000-4000-8000-000000000000"


class EmailSettings(Section):
    """The mail server that takes our email. Without `lookup_url` it cannot be asked afterwards."""

    host: str = "127.0.0.1"
    port: int = Field(default=8106, ge=1, le=65535)
    tls: bool = False
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "choice@fairwait.example"
    lookup_url: str = ""
    timeout_seconds: float = Field(default=10.0, gt=0, le=30)


class NotifySettings(Section):
    """GOV.UK Notify, for text messages and letters.

    The templates there hold nothing but `((subject))` and `((body))`: the texts are ours, with
    their versions.
    """

    base_url: str = "http://127.0.0.1:8105"
    api_key: SecretStr = SecretStr(f"development-only-{_NOBODYS_KEY}-{_NOBODYS_KEY}")
    sms_template: str = "6e1f4bd0-6fc4-4a80-a7a5-9f3d5a4b0001"
    letter_template: str = "6e1f4bd0-6fc4-4a80-a7a5-9f3d5a4b0002"
    timeout_seconds: float = Field(default=10.0, gt=0, le=30)


class SenderSettings(Section):
    """How fast messages leave. A lease is longer than a hand-over may ever take."""

    batch: int = Field(default=100, ge=1, le=500)
    at_once: int = Field(default=32, ge=1, le=200)
    lease_seconds: float = Field(default=60.0, ge=5, le=600)
    idle_seconds: float = Field(default=0.5, gt=0, le=60)


class NotificationsSection(Section):
    """Links, pages, hours and channels."""

    link_secret: SecretStr = development_secret("links")
    page_secret: SecretStr = development_secret("pages")
    public_url: str = "http://127.0.0.1:8103"
    helpline: str = "0808 157 0192"  # in the range that Ofcom keeps for fiction
    quiet_hours: bool = True
    opens: time = time(8, 0)
    closes: time = time(18, 0)
    bank_holidays: tuple[date, ...] = ()
    visit_minutes: int = Field(default=30, ge=5, le=120)
    email: EmailSettings = EmailSettings()
    notify: NotifySettings = NotifySettings()
    sender: SenderSettings = SenderSettings()

    @property
    def window(self) -> Window:
        return Window(self.opens, self.closes, frozenset(self.bank_holidays), self.quiet_hours)


class NotificationsSettings(Settings):
    """All settings of this service."""

    notifications: NotificationsSection = NotificationsSection()
