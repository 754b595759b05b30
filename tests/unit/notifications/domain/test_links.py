"""Links that cannot be guessed, compared or taken for another purpose."""

from datetime import date

from notifications.domain.links import fingerprint, same_birth_date, token


def test_a_token_has_128_bits_in_22_characters_that_are_safe_in_a_url() -> None:
    made = token(b"secret", pathway_id="a" * 32, purpose="choose", subject="list-1")

    assert len(made) == 22
    assert made.isascii()
    assert all(letter.isalnum() or letter in "-_" for letter in made)


def test_another_secret_pathway_purpose_or_list_is_another_token() -> None:
    tokens = {
        token(secret, pathway_id=pathway, purpose=purpose, subject=subject)
        for secret in (b"one", b"two")
        for pathway in ("a" * 32, "b" * 32)
        for purpose in ("choose", "transfer")
        for subject in ("list-1", "list-2")
    }

    assert len(tokens) == 16


def test_parts_of_a_name_cannot_be_shifted_between_fields() -> None:
    assert token(b"s", pathway_id="ab", purpose="c", subject="d") != token(
        b"s", pathway_id="a", purpose="bc", subject="d"
    )


def test_what_is_stored_does_not_give_the_token_back() -> None:
    made = token(b"secret", pathway_id="a" * 32, purpose="choose", subject="list-1")

    assert len(fingerprint(made)) == 64
    assert made not in fingerprint(made)


def test_dates_of_birth_are_equal_or_not() -> None:
    assert same_birth_date(date(1980, 3, 31), date(1980, 3, 31))
    assert not same_birth_date(date(1980, 3, 31), date(1980, 3, 30))
