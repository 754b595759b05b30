"""A page as a patient's browser sees it."""

from fairwait.simulation.pages import Page

HTML = """
<form method="post"><input type="hidden" name="form" value="a token">
<input class="nhsuk-radios__input" type="radio" name="answer" value="NV7">
<input type="radio" name="answer" value="RJ1"><input type="radio" name="answer" value="stay">
<input type="text" name="day"></form>
"""


def test_the_token_of_the_form_and_the_hospitals_in_order_are_found() -> None:
    page = Page.of(HTML)

    assert page.hidden == {"form": "a token"}
    assert page.radios == {"answer": ["NV7", "RJ1", "stay"]}


def test_a_page_without_a_form_has_nothing_to_send() -> None:
    page = Page.of("<h1>This link does not work</h1>")

    assert page.hidden == {}
    assert page.radios == {}
