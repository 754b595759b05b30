"""A visit lasts for a short time, for one link."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from notifications.pages.visits import Visits, answering

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
VISITS = Visits(b"secret", timedelta(minutes=30), secure=True)


def request_with(response: Response) -> Request:
    cookie = response.headers["set-cookie"].partition(";")[0]
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})


def test_a_visit_ends_after_its_time() -> None:
    response = Response()
    visit = answering(VISITS.begin("link", NOW), "RJ1")
    VISITS.keep(response, visit, "/choose/x")

    request = request_with(response)

    assert VISITS.of(request, "link", NOW + timedelta(minutes=29, seconds=59)) == visit
    assert VISITS.of(request, "link", NOW + timedelta(minutes=30)) is None
    assert VISITS.of(request, "another link", NOW) is None


def test_another_secret_reads_no_visit() -> None:
    response = Response()
    VISITS.keep(response, VISITS.begin("link", NOW), "/choose/x")

    other = Visits(b"another", timedelta(minutes=30), secure=True)

    assert other.of(request_with(response), "link", NOW) is None


def test_two_visits_have_forms_of_their_own() -> None:
    one, two = VISITS.begin("link", NOW), VISITS.begin("link", NOW)

    assert VISITS.is_form(VISITS.form("check", one.id), "check", one.id)
    assert not VISITS.is_form(VISITS.form("check", one.id), "check", two.id)
    assert not VISITS.is_form(VISITS.form("hospital", one.id), "check", one.id)
