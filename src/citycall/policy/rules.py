"""Rules in time: clocks and their strikes, notices and their words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from citycall.policy.basics import PLACEHOLDER, PLACEHOLDERS, Clauses, Code, NoticeChannel, Rule, clock_time
from citycall.policy.deadlines import Due, NotADue, read_due
from citycall.policy.limits import Limit
from citycall.policy.text import Text


class Start(Rule):
    """What starts a clock. `at` names a fact holding the true instant when it differs from the event's.

    `rounds`: the clock runs from the next of these times of day (at one of them: from that one), on working
    days only where `working_days` says so, as petitions are accepted at 09:00 and 14:00 (TP-5-2a, TP-5-2b).
    """

    on: str
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    at: str | None = None
    rounds: tuple[time, ...] = ()
    working_days: bool = False

    @field_validator("rounds", mode="before")
    @classmethod
    def _clock_times(cls, value: Any) -> Any:
        return [clock_time(at) for at in value] if isinstance(value, list) else value


class Resume(Rule):
    """Events that set a clock running again which these other events had stopped."""

    on: tuple[str, ...]
    stopped_by: tuple[str, ...]


class OnDay(Rule):
    """A day counted from a clock's start or limit; that day itself is day 0 (TP-6-3-4a, TP-6-3-4b).

    `first_day`: 0 when the day counted from is not counted, 1 when it is. `at` is the time of day.
    """

    days: int = Field(ge=0, le=3650)
    after: Literal["start", "limit"] | None = None
    before: Literal["limit"] | None = None
    at: time
    first_day: Literal[0, 1] = 0

    @field_validator("at", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        return clock_time(value)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.after is None) == (self.before is None):
            raise ValueError("say exactly one of after, before")
        if self.days < self.first_day:
            raise ValueError("the first day counted is day 1; days must be 1 or more")
        return self


class When(Rule):
    """The instant of a strike: at, after or before the limit, after the start, on a day counted from one of
    them, or daily from one of them, at one time of day or at several (`daily_at: ["09:00", "14:00"]`)."""

    at: Literal["limit", "start"] | None = None
    after_limit: Limit | None = None
    before_limit: Limit | None = None
    after_start: Limit | None = None
    on_day: OnDay | None = None
    daily_at: tuple[time, ...] = ()
    from_: Literal["limit", "start"] = Field(default="limit", alias="from")
    working_days: bool = False

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("daily_at", mode="before")
    @classmethod
    def _clock_times(cls, value: Any) -> Any:
        times = tuple(clock_time(at) for at in (value if isinstance(value, list | tuple) else [value]))
        for at in times:
            if not isinstance(at, time):
                raise ValueError(f"{at!r} is not a time of day")
        return times

    @model_validator(mode="after")
    def _one(self) -> Self:
        daily = self.daily_at or None
        ways = (self.at, self.after_limit, self.before_limit, self.after_start, self.on_day, daily)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "say exactly one of at, after_limit, before_limit, after_start, on_day, daily_at"
            )
        return self

    @property
    def daily(self) -> bool:
        return bool(self.daily_at)


class NotifyAction(Rule):
    """Who is told, with which template, by which channels; `digest` puts one day's cases in one message.

    `joined:ROLE` of a strike: that role of the joined agencies that have not answered yet (TP-5-3-0).
    """

    to: tuple[str, ...] = Field(min_length=1)
    template: Code
    channels: tuple[NoticeChannel, ...] = Field(min_length=1)
    digest: bool = False


class Action(Rule):
    """One thing a strike does."""

    notify: NotifyAction | None = None
    mark: Code | None = None
    task: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.notify, self.mark, self.task)) != 1:
            raise ValueError("say exactly one of notify, mark, task")
        return self


class Strike(Rule):
    """When a clock strikes and what it then does.

    Strikes of one `group` tell a recipient once a day about one case, however many of them fall on that day
    (TP-6-3-4b: day 3 and the day before the limit may be the same).
    """

    code: Code
    group: Code | None = None
    when: When
    do: tuple[Action, ...] = Field(min_length=1)
    clauses: Clauses = ()


# Where the limit of a clock stands when the rule does not say it itself: at the item, the kind, or the event.
LimitFrom = Literal["item.stage1", "kind.ordinary", "kind.category", "event.limit", "event.until"]
LIMITS_FROM: tuple[str, ...] = get_args(LimitFrom)


def _clock_limit(value: Any) -> Any:
    if not isinstance(value, str) or value in LIMITS_FROM:
        return value
    try:
        return read_due(value)
    except NotADue as error:
        raise ValueError(f"{error}, or one of {', '.join(LIMITS_FROM)}") from None


ClockLimit = Annotated[Due | LimitFrom, BeforeValidator(_clock_limit)]


APPROVER = "approver"  # as a recipient: who approves the result of this very case
# As a recipient: a role of another agency than the case's: one that joined, or that had it before.
AT_ANOTHER = ("joined:", "former:")


class ClockRule(Rule):
    """A clock: which event starts it, how long it runs, which events stop it, when it strikes.

    `stop_unless`: facts of a stopping event with which it does not stop, such as nobody being reached.
    """

    code: Code
    name: Text
    kinds: tuple[Code, ...]
    start: Start
    limit: ClockLimit
    stop: tuple[str, ...]
    stop_unless: dict[str, Any] = Field(default_factory=dict)
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
    """Who is told of an event. `to`: roles of the case's agency, `reporter`, or `post:AGENCY.POST`.

    `approver` is who approves the result: the first role of the kind's `completion.approved_by` that the
    agency has a post of. `joined:ROLE` and `former:ROLE`: that role of the agency that joins, or that had the
    case before.
    """

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
