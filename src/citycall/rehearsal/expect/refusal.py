"""What the last refusal said: its code, its offer, the fields that were wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from citycall.rehearsal.expect.form import Expectation, Story, Unfit, Unmet, differences, kind


@kind
class RefusalSaid(Expectation):
    """`refusal: identity_required`, with `has: {offer: petition}`."""

    kind: ClassVar[str] = "refusal"
    refusal: str | dict[str, Any]
    has: dict[str, Any] | None = None

    def fit(self) -> None:
        if not self.refusal or self.has == {}:
            raise Unfit("without a code or a field this could never fail", ("refusal",))

    def verify(self, story: Story) -> Iterator[Unmet]:
        last = story.refusal
        if last is None:
            yield Unmet(f"a refusal {self.refusal}", "nothing has been refused")
            return
        record = {
            **last.info,
            "info": last.info,
            "code": last.code,
            "command": last.command,
            "message": last.message,
            "status": last.status,
            "fields": last.fields,
        }
        wanted: dict[str, Any] = {}
        wanted.update({"code": self.refusal} if isinstance(self.refusal, str) else self.refusal)
        wanted.update(self.has or {})
        fields = wanted.pop("fields", None)
        yield from differences(story, wanted, record, "the refusal")
        if isinstance(fields, list):
            for name in fields:
                if name not in last.fields:
                    yield Unmet(f"the refusal names the field {name}", ", ".join(last.fields) or "no field")
        elif fields is not None:
            yield from differences(story, {"fields": fields}, record, "the refusal")
