"""Records by their saved name or by filters: `case: $c`, `clock: {of: $c, code: first_stage}`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model

from citycall.rehearsal.expect.form import (
    Expectation,
    Story,
    Unfit,
    Unmet,
    counted,
    differences,
    kind_by_name,
    listed,
    same,
    show,
    times,
)

Row = dict[str, Any]

# kind -> (model, the field that `of` means)
RECORDS: dict[str, tuple[str, str]] = {
    "agency": ("people.Agency", ""),
    "analysis": ("cases.DelayAnalysis", "case"),
    "call": ("calls.Call", ""),
    "case": ("cases.Case", ""),
    "case_request": ("cases.CaseRequest", "case"),
    "change": ("oversight.PolicyChange", ""),
    "clock": ("cases.CaseClock", "case"),
    "closure": ("base.Closure", ""),
    "disposition": ("calls.Disposition", "call"),
    "identity_check": ("people.IdentityCheck", ""),
    "draft": ("cases.ReplyDraft", "case"),
    "incident": ("cases.Incident", "case"),
    "join": ("cases.CaseJoin", "case"),
    "letter": ("cases.UnfoundedLetter", "last_case"),
    "outage": ("cases.Outage", ""),
    "phone_record": ("cases.PhoneRecord", "case"),
    "phone_task": ("cases.PhoneTask", "case"),
    "photo": ("cases.CaseFile", "case"),
    "police_referral": ("cases.PoliceReferral", "case"),
    "position": ("cases.CasePosition", "request"),
    "prevention": ("cases.Prevention", "case"),
    "reply": ("cases.CaseReply", "case"),
    "request": ("cases.StageRequest", "case"),
    "review": ("oversight.Review", ""),
    "special_caller": ("calls.SpecialCaller", ""),
    "special_view": ("calls.SpecialView", "entry"),
    "task": ("cases.CaseTask", "case"),
}


def model_of(kind: str) -> type[Model]:
    """The table of a kind of record."""
    return apps.get_model(RECORDS[kind][0])


def fields_of(model: type[Model]) -> set[str]:
    """Every name under which a field of the record may be asked."""
    return {name for field in model._meta.concrete_fields for name in (field.name, field.attname)}


def as_mapping(record: Model) -> dict[str, Any]:
    """The fields of a record, a foreign key by its id."""
    found: dict[str, Any] = {}
    for field in record._meta.concrete_fields:
        found[field.attname] = found[field.name] = getattr(record, field.attname)
    return found


class Record(Expectation):
    """A record, or the records that fit the filters."""

    has: dict[str, Any] | None = None
    count: int | None = None

    @property
    def filters(self) -> str | dict[str, Any]:
        value = getattr(self, self.kind)
        assert isinstance(value, str | dict)
        return value

    def fit(self) -> None:
        try:
            model = model_of(self.kind)
        except LookupError as error:
            raise Unfit(f"{self.kind} is not part of this version", (self.kind,)) from error
        known = fields_of(model)
        filters = self.filters
        if isinstance(filters, str):
            if not filters.startswith("$"):
                raise Unfit(f"{self.kind}: {filters} is not a saved name (write $name)", (self.kind,))
            if not self.has:
                raise Unfit("without `has` this could never fail", (self.kind,))
            if self.count is not None:
                raise Unfit("a record by its saved name is one; leave `count` out", ("count",))
        elif not filters:
            raise Unfit("without a filter this could never fail", (self.kind,))
        else:
            for name in filters:
                if name not in known and not (name == "of" and RECORDS[self.kind][1]):
                    raise Unfit(f"{self.kind} has no field {name!r}", (self.kind, name))
        if self.has and self.count == 0:
            raise Unfit("`count: 0` and `has` together say nothing", ("has",))
        if self.has == {}:
            raise Unfit("`has` names no field", ("has",))
        for name in self.has or {}:
            if name not in known:
                raise Unfit(f"{self.kind} has no field {name!r}", ("has", name))

    def verify(self, story: Story) -> Iterator[Unmet]:
        if isinstance(self.filters, str):
            record = model_of(self.kind)._default_manager.get(pk=story.resolve(self.filters, self.kind))
            yield from differences(story, self.has or {}, as_mapping(record), f"{self.kind} {self.filters}")
            return
        near, found = self._found(story, self.filters)
        said = f"{self.kind} {show(story, self.filters)}"
        if not counted(self.count, len(found)):
            fields = [name for name in self.filters if name != "of"]
            others = [{name: row[name] for name in fields} or {"id": row["id"]} for row in near]
            yield Unmet(
                f"{times(self.count)} {said}",
                f"{len(found)}; there are {listed(show(story, o) for o in others)}",
            )
            return
        for row in found:
            yield from differences(story, self.has or {}, row, said)
        if self.save and found:
            story.save(self.save, {self.kind: found[-1]["id"], **found[-1]})

    def _found(
        self, story: Story, filters: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        model = model_of(self.kind)
        rows = model._default_manager.order_by("pk")
        if "of" in filters:
            rows = rows.filter(**{RECORDS[self.kind][1]: story.subject(filters["of"])[1]})
        near = [as_mapping(row) for row in rows]
        wanted = {name: value for name, value in filters.items() if name != "of"}
        return near, [
            row for row in near if all(same(story, value, row[name], name) for name, value in wanted.items())
        ]


@kind_by_name
@cache
def _record(name: str) -> type[Expectation] | None:
    if name not in RECORDS:
        return None
    return type(
        f"Record_{name}",
        (Record,),
        {"__annotations__": {name: str | dict[str, Any]}, "kind": name, "__module__": __name__},
    )


__all__ = ["RECORDS", "Record", "as_mapping", "model_of"]
