"""Notices in the outbox, and messages that really left the house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from citycall.base import private
from citycall.base.channels.recording import RecordedMessage
from citycall.base.notices import Notice
from citycall.rehearsal.expect.form import (
    Expectation,
    Story,
    Unfit,
    Unmet,
    counted,
    differences,
    kind,
    listed,
    times,
)

REPORTER = "reporter"


class _Filters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def fit(self, key: str) -> None:
        if not self.model_fields_set:
            raise Unfit("without a filter this could never fail", (key,))
        for name in self.model_fields_set:
            if getattr(self, name) in (None, "", []):
                raise Unfit(f"the filter {name} is empty", (key, name))


class NoticeFilters(_Filters):
    about: str | None = Field(default=None, pattern=r"^\$")
    to: str | None = None
    template: str | None = None
    channel: Literal["email", "sms", "egov", "screen"] | None = None
    state: Literal["pending", "sending", "sent", "failed", "undeliverable"] | None = None
    contains: list[str] | None = None
    lacks: list[str] | None = None


@kind
class Notices(Expectation):
    """`notices: {about: $c, to: works.intake_window, template: fast.established}`, counted."""

    kind: ClassVar[str] = "notices"
    notices: NoticeFilters
    count: int | None = Field(default=None, ge=0)
    has: dict[str, Any] | None = None

    def fit(self) -> None:
        self.notices.fit("notices")
        if self.has is not None and (not self.has or self.count == 0):
            raise Unfit("`has` says nothing here", ("has",))

    def verify(self, story: Story) -> Iterator[Unmet]:
        want = self.notices
        if want.template and want.template not in story.pack.templates:
            raise Unfit(f"the pack has no template {want.template!r}", ("notices", "template"))
        if want.to and want.to != REPORTER:
            story.known_post(want.to)
        rows = Notice.objects.order_by("pk")
        if want.about:
            about_kind, about_id = story.subject(want.about)
            rows = rows.filter(about_kind=about_kind, about_id=about_id)
        near = list(rows)
        if want.to:
            near = [row for row in near if (row.role if want.to == REPORTER else row.to_post) == want.to]
        found = near
        for name in ("template", "channel", "state"):
            asked = getattr(want, name)
            if asked:
                found = [row for row in found if getattr(row, name) == asked]
        found = [row for row in found if _text_fits(story, want, f"{row.subject}\n{row.body}")]
        said = f"notices {want.model_dump(exclude_none=True)}"
        if not counted(self.count, len(found)):
            yield Unmet(
                f"{times(self.count)} of {said}", f"{len(found)}; there are {listed(map(_said, near))}"
            )
            return
        for row in found:
            record = {field.attname: getattr(row, field.attname) for field in Notice._meta.concrete_fields}
            yield from differences(story, self.has or {}, record, said)


def _text_fits(story: Story, want: NoticeFilters | MessageFilters, text: str) -> bool:
    return all(str(story.resolve(part)) in text for part in want.contains or ()) and not any(
        str(story.resolve(part)) in text for part in want.lacks or ()
    )


def _said(notice: Notice) -> str:
    to = notice.to_post or notice.role
    text = " ".join(notice.body.split())
    said = f"{notice.template} by {notice.channel} to {to}, {notice.state}"
    return f"{said}: {text}" if text else (f"{said} ({notice.reason})" if notice.reason else said)


class MessageFilters(_Filters):
    to: str | None = None
    channel: Literal["email", "sms", "egov", "screen"] | None = None
    contains: list[str] | None = None
    lacks: list[str] | None = None


@kind
class Messages(Expectation):
    """`messages: {to: "0912345678", channel: sms}`: what has left the house, by address or by post."""

    kind: ClassVar[str] = "messages"
    messages: MessageFilters
    count: int | None = Field(default=None, ge=0)

    def fit(self) -> None:
        self.messages.fit("messages")

    def verify(self, story: Story) -> Iterator[Unmet]:
        want = self.messages
        addresses = _addresses(story, str(story.resolve(want.to))) if want.to else set()
        near = [
            row
            for row in RecordedMessage.objects.order_by("pk")
            if (not addresses or row.to in addresses) and want.channel in (None, row.channel)
        ]
        found = [row for row in near if _text_fits(story, want, f"{row.subject}\n{row.body}")]
        if not counted(self.count, len(found)):
            said = f"{times(self.count)} of messages {want.model_dump(exclude_none=True)}"
            there = (f"{row.channel} to {row.to}: {' '.join(row.body.split())}" for row in near)
            yield Unmet(said, f"{len(found)}; there are {listed(there)}")


def _addresses(story: Story, to: str) -> set[str]:
    """An e-mail address or telephone number as it is; a post as its people's addresses."""
    if "@" in to:
        return {to}
    try:
        return {to, private.normalise_phone(to)}
    except ValueError:
        story.known_post(to)
        return story.addresses_of(to)
