"""What becomes of a held place: booked, or given back when its time is over."""

from contracts.events.appointment import AppointmentBooked
from contracts.events.offer import OfferExpired, OfferTaskOpened
from contracts.identifiers import PathwayId
from matching.domain.capacity import release_place, use_place
from matching.domain.offers import confirm, expire
from matching.handlers.choice import shortlist
from matching.handlers.steps import case_of, decided, move_on, origin
from matching.work import MatchingWork


class NoPlaceForBookingError(Exception):
    """An appointment was made in a session that has no place left: a person has to look."""


async def use_booked_place(event: AppointmentBooked, work: MatchingWork) -> None:
    """The held place is the patient's for good."""
    case = await case_of(event, work)
    session = await work.sessions.get(event.session)
    if session is None:
        return  # an appointment in a session that was not declared here

    used = use_place(session, case.pathway_id)
    if used is not None:
        await work.sessions.save(used, before=session, today=work.today)
    elif session.withdrawn:
        await _alert(event, work)
    else:
        raise NoPlaceForBookingError(f"session {event.session} is full")

    booked = confirm(
        decided(case),
        provider=event.provider,
        session=event.session,
        appointment_id=event.appointment_id,
    )
    if booked is not None:
        await move_on(event.envelope, case, booked, work)
        work.stop_timers(case.pathway_id)


async def _alert(event: AppointmentBooked, work: MatchingWork) -> None:
    """The booking was on its way when its place was withdrawn: the appointment needs a person."""
    await work.publish(
        OfferTaskOpened.after(
            event, task="booked_without_place", provider=event.provider, session=event.session
        )
    )


async def expire_hold(pathway: PathwayId, work: MatchingWork) -> None:
    """Give back a place that was not booked in time, and offer the patient a choice again."""
    case = await work.cases.get(pathway)
    expired = None if case is None or case.match is None else expire(case.match, work.now)
    if case is None or expired is None:
        return

    session = await work.sessions.get(expired.session)
    if session is not None:
        freed = release_place(session, pathway)
        await work.sessions.save(freed, before=session, today=work.today)
    await work.publish(
        OfferExpired.following(
            origin(case),
            shortlist_id=expired.shortlist_id,
            provider=expired.provider,
            session=expired.session,
        )
    )
    await shortlist(origin(case), case, work)
