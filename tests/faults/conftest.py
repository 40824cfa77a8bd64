"""The sample government in a database that other processes see too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def world(transactional_db: None) -> Iterator[None]:
    from citycall.base import clock, notices, policies
    from citycall.base.commands import autoload
    from citycall.rehearsal import sample

    autoload()
    policies.refresh()
    notices.forget_rest()
    sample.load_sample("newtaipei", cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()
