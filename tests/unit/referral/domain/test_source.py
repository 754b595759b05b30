"""The source of a referral against its list and against the referrer."""

from datetime import date

import pytest

from contracts.codes import Referrer
from referral.domain.source import SourceValidity, check_source, referrer_of

ON = date(2026, 3, 1)
VALID, DEFAULTED = SourceValidity.VALID, SourceValidity.DEFAULTED
CONTRADICTED, MISSING = SourceValidity.CONTRADICTED, SourceValidity.MISSING


@pytest.mark.parametrize(
    ("organisation", "kind"),
    [
        ("A81001", Referrer.GENERAL_PRACTICE),
        ("Y02345", Referrer.GENERAL_PRACTICE),
        ("V00012", Referrer.DENTAL_PRACTICE),
        ("TP5", Referrer.OPTICAL_PRACTICE),
        ("TP512", Referrer.OPTICAL_PRACTICE),
        ("TAF", Referrer.HOSPITAL),
        ("RJ1", Referrer.HOSPITAL),
        ("RJ122", Referrer.HOSPITAL),
        ("NV7", Referrer.HOSPITAL),
        ("NV723", Referrer.HOSPITAL),
        ("G6V2S", None),
        ("8HA03", None),
        ("V81999", None),
        ("X99998", None),
    ],
)
def test_the_shape_of_a_code_shows_the_kind_of_organisation(
    organisation: str, kind: Referrer | None
) -> None:
    assert referrer_of(organisation) is kind


@pytest.mark.parametrize(
    ("code", "referrer", "validity"),
    [
        ("03", "A81001", VALID),
        ("3", "A81001", VALID),
        ("03", None, VALID),
        ("03", "G6V2S", VALID),
        ("03", "RJ1", CONTRADICTED),
        ("12", "A81001", VALID),
        ("12", "V00012", CONTRADICTED),
        ("92", "V00012", VALID),
        ("92", "A81001", CONTRADICTED),
        ("93", "V00012", VALID),
        ("15", "TP512", VALID),
        ("15", "A81001", CONTRADICTED),
        ("05", "RJ1", VALID),
        ("05", "A81001", CONTRADICTED),
        ("01", "RJ122", VALID),
        ("10", "RJ1", VALID),
        ("04", "RJ1", VALID),
        ("04", "A81001", CONTRADICTED),
        ("06", None, VALID),
        ("06", "A81001", CONTRADICTED),
        ("17", "A81001", VALID),
        ("14", "A81001", VALID),
        ("97", "A81001", DEFAULTED),
        ("03", "V81999", DEFAULTED),
        (None, "A81001", MISSING),
        ("", "A81001", MISSING),
        ("08", "A81001", MISSING),
        ("99", None, MISSING),
    ],
)
def test_a_source_is_checked_and_never_corrected(
    code: str | None, referrer: str | None, validity: SourceValidity
) -> None:
    found = check_source(code, referrer, ON)

    assert found.validity is validity
    assert found.code == (code.zfill(2) if code else None)
