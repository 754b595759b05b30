"""Whether a form was sent from one of our own pages."""

from urllib.parse import urlsplit

from starlette.requests import Request


def from_our_pages(request: Request) -> bool:
    """Whether a browser says that a form was sent from our own page.

    Our `no-referrer` policy makes browsers send the origin `null`, also from our own pages; newer
    ones say with Sec-Fetch-Site where it came from, and for older ones the cookie and the form's
    token have to do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin in (None, "null") or urlsplit(origin).netloc == request.headers.get("host")
