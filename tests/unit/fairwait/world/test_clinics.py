"""Clinics: room for everybody, late enough for every answer, and never where nobody waits."""

from datetime import timedelta

from contracts.submissions import CapacityOffered
from fairwait.world.calendar import ANSWER_DAYS, CLINIC_DAYS, LAPSED, REFERRAL_DAY, later_days
from fairwait.world.clinics import clinics, later_clinics, refused_clinics
from fairwait.world.referrals import FUNCTIONS
from matching.domain.declaration import Declaration, wrong_with
from matching.reference import load
from matching.settings import MatchingSection

WORLD = load()
CLINICS = list(clinics(WORLD, list(FUNCTIONS)))
PROVIDERS = {site.code: WORLD.provider_on(site.provider, REFERRAL_DAY) for site in WORLD.sites}


def wrong(provider: str, offered: CapacityOffered) -> bool:
    declared = Declaration(
        publisher=provider,
        capacity_id=offered.capacity_id,
        site=offered.site,
        treatment_function=offered.treatment_function,
        local_start=offered.local_start,
        places=offered.places,
    )
    return bool(
        wrong_with(
            declared,
            provider_of_site=PROVIDERS.get(offered.site),
            now=LAPSED - timedelta(days=18),
            today=REFERRAL_DAY - timedelta(days=3),
        )
    )


def test_every_clinic_can_be_declared_by_its_provider() -> None:
    assert not any(wrong(one.provider, one.offered) for one in CLINICS)
    assert not any(wrong(one.provider, one.offered) for one in later_clinics(WORLD, "110"))


def test_what_is_to_be_turned_down_is_wrong() -> None:
    assert all(wrong(one.provider, one.offered) for one in refused_clinics(WORLD))


def test_a_site_has_one_clinic_for_a_treatment_function() -> None:
    pairs = {(one.offered.site, one.offered.treatment_function) for one in CLINICS}

    assert len(pairs) == len(CLINICS)
    assert len({one.offered.capacity_id for one in CLINICS}) == len(CLINICS)


def test_whoever_answers_on_any_day_can_have_the_first_clinic() -> None:
    notice = timedelta(days=MatchingSection().notice_days)

    assert max(ANSWER_DAYS) + notice <= min(CLINIC_DAYS)


def test_answers_come_before_the_choice_lapses() -> None:
    respond = timedelta(days=MatchingSection().respond_days)

    assert REFERRAL_DAY + respond == LAPSED.date() - timedelta(days=1)
    assert max(ANSWER_DAYS) < LAPSED.date()


def test_the_days_come_in_order_and_each_once() -> None:
    days = [day.on for day in later_days()]

    assert days == sorted(set(days))
    assert set(CLINIC_DAYS) <= set(days)
