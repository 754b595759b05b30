"""The front-end files that we ship ask nobody else for anything."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

STYLES = (
    Path(__file__).resolve().parents[2] / "chassis/src/chassis/static/nhsuk/nhsuk-frontend.min.css"
)
PAGE = f"""
<link rel="stylesheet" href="{STYLES.as_uri()}">
<body class="nhsuk-template__body"><h1 class="nhsuk-heading-l">Choose a hospital</h1></body>
"""

pytestmark = pytest.mark.browser


async def test_nhs_styles_fetch_no_font(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    page = await browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.goto((tmp_path / "page.html").as_uri(), wait_until="networkidle")

    assert STYLES.as_uri() in asked
    assert all(url.startswith("file:") for url in asked)
    await page.close()
