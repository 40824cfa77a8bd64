"""Each test of this room begins without what another left in the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    # Imported here: pytest reads this file before Django is set up.
    from tests.people.offices import NOW

    from citycall.base import channels, clock, notices, policies
    from citycall.people import queries

    policies.refresh()
    queries.forget_tokens()
    notices.forget_rest()
    with clock.at(NOW):
        yield
    for name in ("email", "sms", "screen"):
        channels.set_down(name, False)
        channels.set_channel(name, None)
    policies.refresh()
