"""Rules in time: clocks and their strikes, notices and their words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from citycall.policy.basics import PLACEHOLDER, PLACEHOLDERS, Clauses, Code, NoticeChannel, Rule, clock_time
from citycall.policy.limits import Limit
from citycall.policy.text import Text


class Start(Rule):
    """What starts a clock. `at` names a fact holding the true instant when it differs from the event's."""

    on: str
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    at: str | None = None


class Resume(Rule):
    """Events that set a clock running again which these other events had stopped."""

    on: tuple[str, ...]
    stopped_by: tuple[str, ...]


class When(Rule):
    """The instant of a strike: at, after or before the limit, after the start, or daily from one of them."""

    at: Literal["limit", "start"] | None = None
    after_limit: Limit | None = None
    before_limit: Limit | None = None
    after_start: Limit | None = None
    daily_at: time | None = None
    from_: Literal["limit", "start"] = Field(default="limit", alias="from")
    working_days: bool = False

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("daily_at", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        return clock_time(value)

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = (self.at, self.after_limit, self.before_limit, self.after_start, self.daily_at)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say exactly one of at, after_limit, before_limit, after_start, daily_at")
        return self

    @property
    def daily(self) -> bool:
        return self.daily_at is not None


class NotifyAction(Rule):
    """Who is told, with which template, by which channels; `digest` puts one day's cases in one message."""

    to: tuple[str, ...] = Field(min_length=1)
    template: Code
    channels: tuple[NoticeChannel, ...] = Field(min_length=1)
    digest: bool = False


class Action(Rule):
    """One thing a strike does."""

    notify: NotifyAction | None = None
    mark: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.notify, self.mark)) != 1:
            raise ValueError("say exactly one of notify, mark")
        return self


class Strike(Rule):
    """When a clock strikes and what it then does."""

    code: Code
    when: When
    do: tuple[Action, ...] = Field(min_length=1)
    clauses: Clauses = ()


class ClockRule(Rule):
    """A clock: which event starts it, how long it runs, which events stop it, when it strikes."""

    code: Code
    name: Text
    kinds: tuple[Code, ...]
    start: Start
    limit: Limit | Literal["item.stage1", "kind.ordinary", "event.limit"]
    stop: tuple[str, ...]
    resume: Resume | None = None
    sets_due: bool = False
    late_field: str | None = None
    late_on: tuple[str, ...] = ()
    strikes: tuple[Strike, ...] = ()
    clauses: Clauses = ()

    def strike(self, code: str) -> Strike:
        for strike in self.strikes:
            if strike.code == code:
                return strike
        raise KeyError(code)


class NoticeRule(Rule):
    """Who is told of an event. `to`: roles of the case's agency, `reporter`, or `post:AGENCY.POST`."""

    code: Code
    on: str
    kinds: tuple[Code, ...] = ()
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    to: tuple[str, ...] = Field(min_length=1)
    template: Code
    channels: tuple[NoticeChannel, ...] = Field(min_length=1)
    on_sent: str | None = None
    clauses: Clauses = ()


def _filled(words: str, context: Mapping[str, Any]) -> str:
    def put(found: re.Match[str]) -> str:
        value = context.get(found.group(1))
        return "" if value is None else str(value)

    return PLACEHOLDER.sub(put, words)


class Template(Rule):
    """The words of one notice on one channel in one language."""

    subject: str = ""
    body: str
    line: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = self.placeholders - PLACEHOLDERS
        if unknown:
            raise ValueError(
                f"unknown placeholder {{{sorted(unknown)[0]}}}; known are {', '.join(sorted(PLACEHOLDERS))}"
            )
        return self

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(PLACEHOLDER.findall(f"{self.subject} {self.body} {self.line}"))

    def render(self, context: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and body with the context put in; a value that is missing leaves nothing behind."""
        return _filled(self.subject, context), _filled(self.body, context)

    def render_line(self, context: Mapping[str, Any]) -> str:
        """One case's line in a message of several cases; these lines together are its {cases}."""
        return _filled(self.line, context)
