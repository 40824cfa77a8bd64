"""The lifecycle table: every command on one case is in it, and the document is written from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycall.base.commands import commands

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("guards")


def test_every_command_on_one_case_is_in_the_table() -> None:
    from citycall.services.cases.acts import TABLE

    acting = {
        name
        for name, spec in commands().items()
        if name.startswith("cases.") and "case" in spec.input.model_fields
    }
    known = [act.command for act in TABLE]
    assert sorted(known) == sorted(acting), "one line each in services/cases/acts/table.py"
    assert len({act.code for act in TABLE}) == len(TABLE)


def test_every_act_happens_in_some_pack() -> None:
    from citycall.policy.load import load_pack
    from citycall.services.cases.acts import TABLE
    from citycall.services.cases.cli import PACKS

    packs = [load_pack(ROOT / "policies" / name) for name in PACKS]
    nowhere = [
        act.code
        for act in TABLE
        if not any(act.happens_in(kind, pack) for pack in packs for kind in pack.kinds.values())
    ]
    assert not nowhere, f"no kind has a move for {nowhere}"


def test_every_button_is_an_act_of_the_table() -> None:
    from citycall.services.cases.acts import BY_COMMAND
    from citycall.web.inbox.acts import ACTS
    from citycall.web.inbox.views.acts import FORMS

    assert not [act.code for act in ACTS if act.command not in BY_COMMAND]
    assert not [act.code for act in ACTS if not act.press and act.code not in FORMS and act.code != "phone"]


def test_the_document_is_in_step() -> None:
    from citycall.policy.load import load_pack
    from citycall.services.cases.acts import document
    from citycall.services.cases.cli import PACKS

    kept = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    assert kept == document.markdown([load_pack(ROOT / "policies" / name) for name in PACKS]), (
        "write it anew: citycall lifecycle --markdown > docs/lifecycle.md"
    )
