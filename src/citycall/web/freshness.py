"""Live screens that stay still: a fragment is sent again only when what it shows has changed."""

from __future__ import annotations

import hashlib

from citycall.web.request import CityRequest

HEADER = "X-Seen"


def mark(*facts: object) -> str:
    """A short mark of what a fragment shows; it goes into the fragment's `hx-headers`."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def unchanged(request: CityRequest, seen: str) -> bool:
    """Whether the screen that asks has this already: then 204, and nothing moves under the hand."""
    return bool(request.htmx) and request.headers.get(HEADER) == seen
