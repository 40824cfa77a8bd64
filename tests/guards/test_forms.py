"""Every form of the house says of each field whether it must be filled in."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from django import forms
from django.template import Context, Template
from pydantic import BaseModel

import citycall.web


def kinds() -> Iterator[type[forms.Form]]:
    for module in pkgutil.walk_packages(citycall.web.__path__, "citycall.web."):
        found = importlib.import_module(module.name)
        for one in vars(found).values():
            if isinstance(one, type) and issubclass(one, forms.Form) and one.__module__ == module.name:
                yield one


FORMS = sorted(set(kinds()), key=lambda one: (one.__module__, one.__name__))


def drawn(field: forms.Field) -> str:
    """One field as the screens draw it, in a form of its own."""
    alone = type("Alone", (forms.Form,), {})()
    alone.fields["it"] = field
    return Template("{% field form.it %}").render(Context({"form": alone}))


@pytest.mark.parametrize("kind", FORMS, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_each_field_is_marked_as_it_is_read(kind: type[forms.Form]) -> None:
    for name, field in {**kind.base_fields}.items():
        if field.widget.is_hidden or isinstance(field.widget, forms.CheckboxInput):
            continue
        html = drawn(field)
        must = field.required or getattr(field, "must", False)
        one_of_several = getattr(field, "needed", False)
        assert ("（必填）" in html) == must, name
        assert ("（選填）" in html) == (not must and not one_of_several and not field.disabled), name
        group = "<fieldset" in html
        assert (
            group or not must or re.search(r"\b(required|aria-required)\b", html.partition("</label>")[2])
        ), name


def test_the_walk_finds_the_forms() -> None:
    assert len(FORMS) > 30
    assert {"ClosureForm", "ChangeForm", "ValueForm"} <= {one.__name__ for one in FORMS}


def test_the_parts_of_a_value_that_it_cannot_do_without_are_not_called_optional() -> None:
    """What the type of a point demands is refused when it is left out of a value that says anything."""
    from citycall.policy.variation_points import POINTS, Value
    from citycall.web.oversight.values import PART, ValueForm

    demanded = 0
    for slug, point in POINTS.items():
        if not (isinstance(point.type, type) and issubclass(point.type, Value)):
            continue
        form = ValueForm(table="settings", slug=slug, value=None, zh="", en="")
        for name, field in point.type.model_fields.items():
            html = drawn(form.fields[PART + (field.alias or name)])
            assert ("（必填）" in html) == field.is_required(), (slug, name)
            assert not (field.is_required() and "（選填）" in html), (slug, name)
            demanded += field.is_required()
    assert demanded > 5


def test_a_reason_that_a_refusal_needs_is_said_so() -> None:
    from citycall.web.oversight.policy_forms import DecisionForm

    assert "不予核定時必填" in str(DecisionForm().fields["reason"].help_text)
    assert "（選填）" not in drawn(DecisionForm().fields["reason"])


def test_no_field_of_a_value_is_called_by_its_key() -> None:
    from citycall.policy.variation_points import POINTS, READINGS, Value
    from citycall.web.oversight.labels.keys import KEYS

    points = [*POINTS.values(), *READINGS.values()]
    kinds = [one.type for one in points if isinstance(one.type, type) and issubclass(one.type, Value)]
    names = {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}
    assert len(names) > 100
    assert names - set(KEYS) == set()


def test_no_choice_of_a_value_is_shown_by_its_code() -> None:
    """Every word that a value may be one of has a name, and within one field no two have the same."""
    from citycall.policy.variation_points import POINTS, READINGS
    from citycall.web.oversight.rule_words import word_of

    found = [one for point in (*POINTS.values(), *READINGS.values()) for one in choices(point.type)]
    assert len({word for row in found for word in row}) > 100
    assert {word for row in found for word in row if word_of(word) == word} - {"skype"} == set()
    assert [row for row in found if len(set(map(word_of, row))) < len(row)] == []


def choices(kind: Any) -> Iterator[tuple[str, ...]]:
    """The words of every choice within a type."""
    if get_origin(kind) is Literal:
        yield tuple(one for one in get_args(kind) if isinstance(one, str))
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            yield from choices(field.annotation)
    else:
        for inner in get_args(kind):
            yield from choices(inner)


PACKS = sorted(
    path.parent for path in (Path(citycall.web.__file__).parents[3] / "policies").glob("*/pack.yaml")
)


@pytest.mark.parametrize("folder", PACKS, ids=lambda one: one.name)
@pytest.mark.django_db
def test_no_rule_of_a_government_is_read_by_its_codes(folder: Path) -> None:
    """Events, notices, marks, what is asked for, whom and how: named wherever the rules are read."""
    from citycall.policy import load_pack
    from citycall.web.oversight.rules import TOPICS, place_named, topic

    pack = load_pack(folder)
    entries = [
        entry
        for code in ("kinds", "clocks", "notices", "tasks", "requests", "settings", "readings")
        for _heading, group in topic(pack, code, {}).groups
        for entry in group
        if code in TOPICS
    ]
    assert entries
    raw = re.compile(r"\b[a-z]+(?:[._][a-z]+)+\b")
    shown = [line for entry in entries for line in (entry.title, *entry.lines, *entry.used_by)]
    owners = {task.owed_by for task in pack.tasks}
    assert [line for line in shown if set(raw.findall(line)) - owners] == []
    places = [place_named(pack, key, brief=True) for key in pack.sources]
    assert [place for place in places if raw.search(place)] == []
