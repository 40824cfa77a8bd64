"""Every command there is: who may, what it takes, what it cites, and that it refuses whom it should."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import AUDIT, LAMP, as_post, fingerprint, kept_world

from citycall.base.commands import Actor, CommandSpec, Refused, autoload, citizen, commands, execute, matrix
from citycall.base.commands.actors import ActorPost
from citycall.policy.clauses import find_clauses, load_clauses

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("guards")
WORDS = {"system", "citizen", "staff", "anyone"}

# Commands that name a case and are not for the case's own agency: who else, and why.
NOT_THE_AGENCYS = {
    "cases.tell_number": "the call centre reads the number out to the caller",
    "cases.withdraw": "the call centre cancels on the word of the number's holder (NT-8-1b)",
    "cases.decide_stage": "the call centre decides for all agencies (NT-5-4-7)",
    "cases.reopen": "call centre and steering office open again what was closed too early (NT-5-4-9c)",
}
# Roles of the call centre, which work for all agencies.
CALL_CENTRE = {"operator", "lead"}


def names() -> list[str]:
    """For parametrising, before there is a database."""
    return sorted(commands())


def field_schemas(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of an input, those of inputs within it too, as the JSON schema of its parts."""

    def walk(path: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if "$ref" in node:
            node = {**schema["$defs"][node["$ref"].rpartition("/")[2]], **node}
        for name, child in node.get("properties", {}).items():
            yield from walk(f"{path}.{name}" if path else name, child)
        for part in (*node.get("anyOf", ()), *node.get("prefixItems", ())):
            yield from walk(path, part)
        if isinstance(node.get("items"), dict):
            yield from walk(f"{path}[]", node["items"])
        if isinstance(node.get("additionalProperties"), dict):
            yield from walk(f"{path}{{}}", node["additionalProperties"])
        yield path, node

    yield from walk("", schema)


def least(schema: dict[str, Any], node: dict[str, Any] | None = None) -> Any:
    """A small value that an input's schema allows, with its required fields only."""
    node = schema if node is None else node
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        node = node["anyOf"][0]
    if "enum" in node:
        return node["enum"][0]
    match node.get("type"):
        case "object":
            wanted = node.get("required", ())
            return {name: least(schema, node["properties"][name]) for name in wanted}
        case "array":
            return [least(schema, node["items"])] * node.get("minItems", 0)
        case "string" if node.get("format") == "date":
            return "2026-03-02"
        case "string" if node.get("format") == "date-time":
            return "2026-03-02T10:00:00+08:00"
        case "string" if "pattern" in node and node["pattern"].startswith(r"^\d{4}"):
            return "2026-03"
        case "string":
            return "a" * max(2, node.get("minLength", 2))
        case "integer":
            return 1
        case "boolean":
            return True
    return "a"


@pytest.mark.parametrize("name", names())
def test_says_who_may_and_what_it_does(name: str) -> None:
    from citycall.people.roles import ROLES

    spec = commands()[name]
    assert spec.who, "nobody may run it"
    assert set(spec.who) <= ROLES.keys() | WORDS, "a role that does not exist"
    assert len(spec.doc.strip()) > 10, "no docstring"
    assert spec.name.count(".") == 1
    assert spec.input.__module__.startswith("citycall."), "an input of its own"


@pytest.mark.parametrize("name", names())
def test_every_text_has_a_longest(name: str) -> None:
    schema = commands()[name].input_schema
    unlimited = [
        path
        for path, node in field_schemas(schema)
        if node.get("type") == "string"
        and not {"maxLength", "enum", "const", "format"} & node.keys()
        and not node.get("pattern", "").startswith(r"^\d{4}-")  # a month is as long as its pattern
    ]
    assert not unlimited, f"{name}: give these a max_length of their own: {unlimited}"


def test_cites_clauses_that_exist() -> None:
    found = find_clauses(ROOT / "policies" / "newtaipei")
    assert found is not None
    known = load_clauses(found)
    wrong = {
        spec.name: sorted(set(spec.clauses) - known.keys())
        for spec in commands().values()
        if set(spec.clauses) - known.keys()
    }
    assert not wrong


# In a process of its own: modules that other tests have imported would hide what autoload forgets.
FORGOTTEN = """
import importlib, pkgutil
import django
django.setup()
import citycall
from citycall.base.commands import autoload, commands
autoload()
found = set(commands())
for module in pkgutil.walk_packages(citycall.__path__, "citycall."):
    if ".migrations" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(set(commands()) - found))
"""


def test_autoload_finds_every_command() -> None:
    """Screens, queue and API know a command from `autoload` alone, whichever room happens to be imported."""
    told = subprocess.run(
        [sys.executable, "-c", FORGOTTEN], check=True, capture_output=True, text=True, timeout=60
    )
    assert told.stdout.split() == []


def test_permission_matrix_is_in_step() -> None:
    kept = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert kept == matrix.markdown(commands().values()), (
        "write it anew: citycall commands --markdown > docs/permissions.md"
    )


# --- refusing ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """One case of the works agency, and its number's row."""
    with kept_world(django_db_blocker) as timeline:
        made = execute("cases.establish", as_post("call_centre.operator1"), LAMP)
        timeline.work()
        yield made.case


@pytest.fixture
def case(world: int, db: None) -> int:
    return world


def staff(*posts: ActorPost) -> Actor:
    """Somebody signed in who holds these posts and no other."""
    from citycall.people.models import Staff

    who = Staff.objects.order_by("pk").first()
    assert who is not None
    return Actor(kind="staff", staff_id=who.pk, name=who.display_name, posts=posts, via="web", ip="127.0.0.1")


def input_of(spec: CommandSpec, case: int) -> dict[str, Any]:
    given: dict[str, Any] = least(spec.input_schema)
    if "case" in spec.input.model_fields:
        given["case"] = case
    return given


def refused(spec: CommandSpec, actor: Actor, case: int) -> None:
    """`not_permitted`, on record, and nothing else written."""
    from citycall.base.audit import AuditEntry

    before, last = fingerprint(), AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with pytest.raises(Refused) as caught:
        execute(spec.name, actor, input_of(spec, case))
    assert (caught.value.code, caught.value.status) == ("not_permitted", 403), (spec.name, actor.posts)
    assert fingerprint() == before, "something was written"
    entries = AuditEntry.objects.filter(pk__gt=last, command=spec.name, outcome="not_permitted")
    assert entries.count() == 1, "the refusal is not on record, or more than once"


@pytest.mark.parametrize("word", ["staff", "citizen", "wrong role"])
def test_refuses_who_has_no_role(case: int, word: str) -> None:
    actor = {
        "staff": staff,
        "citizen": lambda: citizen(ip="127.0.0.1"),
        "wrong role": lambda: staff(ActorPost("works.auditor", "auditor", "works")),
    }[word]()
    walked = 0
    for spec in commands().values():
        if not {"anyone", "citizen" if word == "citizen" else "staff"} & set(spec.who):
            refused(spec, actor, case)
            walked += 1
    assert walked > 30


def test_refuses_another_agency(case: int) -> None:
    walked = 0
    for spec in commands().values():
        if "case" not in spec.input.model_fields or "anyone" in spec.who or spec.name in NOT_THE_AGENCYS:
            continue
        for role in sorted(set(spec.who) - CALL_CENTRE - WORDS):
            refused(spec, staff(ActorPost(f"sanitation.{role}1", role, "sanitation")), case)
            walked += 1
    assert walked > 15


def test_only_the_steering_office_reopens(case: int) -> None:
    """Every agency has an evaluator; only the one of the steering office may."""
    refused(commands()["cases.reopen"], as_post("works.evaluator"), case)


def test_the_list_of_exceptions_is_needed() -> None:
    known = commands()
    assert set(NOT_THE_AGENCYS) <= known.keys()
    for name in NOT_THE_AGENCYS:
        assert "case" in known[name].input.model_fields
        assert set(known[name].who) & (CALL_CENTRE | {"evaluator", "director"})


def test_the_system_runs_only_what_says_so(case: int) -> None:
    from citycall.base.commands import SYSTEM

    for spec in commands().values():
        if not {"system", "anyone"} & set(spec.who):
            refused(spec, SYSTEM, case)


def test_an_unknown_command_is_not_found(case: int) -> None:
    autoload()
    with pytest.raises(Refused) as caught:
        execute("cases.destroy", as_post("call_centre.lead"), {})
    assert caught.value.status == 404


def test_audit_tables_are_the_only_ones_left_out() -> None:
    assert set(AUDIT) == {"base_auditentry", "base_auditlink"}
