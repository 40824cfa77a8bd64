"""What a running command has at hand, and what it writes as its last act."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from citycall.base import audit as trail
from citycall.base import clock, live, policies
from citycall.base.commands.actors import SYSTEM, Actor, ActorPost
from citycall.base.commands.refusals import Refused, not_permitted
from citycall.base.encoding import dumps
from citycall.base.rows import insertion

if TYPE_CHECKING:
    from citycall.policy import Pack

_current: ContextVar["Context | None"] = ContextVar("citycall_context", default=None)


def current() -> "Context | None":
    """The context of the command that is running, innermost first."""
    return _current.get()


@dataclass(slots=True)
class Run:
    """All that one outermost command gathers, to be written in one statement before the commit."""

    lines: list[trail.Line] = field(default_factory=list)
    refused: list[trail.Line] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)
    wake: bool = False
    answers: list[tuple[int, str]] = field(default_factory=list)
    inserts: list[tuple[str, list[Any]]] = field(default_factory=list)

    def insert(self, rows: Sequence[models.Model], *, ignore_known: bool = False) -> None:
        """Write these rows of one model with the closing statement. Nobody can read them before."""
        if rows:
            self.inserts.append(insertion(rows, ignore_known=ignore_known))

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """What is gathered within goes with the savepoint when the block fails; what was refused stays.

        What was gathered before is written first, so that it cannot be written within the savepoint and lost.
        """
        self.flush()
        lines, answers, inserts = len(self.lines), len(self.answers), len(self.inserts)
        topics, wake = set(self.topics), self.wake
        try:
            yield
        except BaseException:
            del self.lines[lines:], self.answers[answers:], self.inserts[inserts:]
            self.topics, self.wake = topics, wake
            raise

    def flush(self) -> None:
        """Write the rows put off so far, for whoever is about to read them in the same run."""
        statements, self.inserts = self.inserts, []
        with connection.cursor() as cursor:
            for statement, parameters in statements:
                cursor.execute(statement, parameters)

    def close(self) -> None:
        """Rows put off until now, audit entries, stored answers and signals: one statement."""
        lines = self.lines + self.refused
        parts: list[str] = []
        arguments: list[Any] = []
        for number, (statement, parameters) in enumerate(self.inserts):
            parts.append(f"rows{number} AS ({statement})")
            arguments += parameters
        if lines:
            statement, parameters = trail.insertion(lines)
            parts.append(f"entries AS ({statement})")
            arguments += parameters
        for number, (key, answer) in enumerate(self.answers):
            parts.append(
                f"answer{number} AS (UPDATE base_idempotencykey SET result = %s::jsonb WHERE id = %s::bigint)"  # nosec B608
            )
            arguments += [answer, key]
        signals, words = live.expression_for(self.topics, wake=self.wake)
        if not parts and not words:
            return
        statement = f"WITH {', '.join(parts)} " if parts else ""
        statement += f"SELECT {signals}"
        arguments += words
        with connection.cursor() as cursor:
            cursor.execute(statement, arguments)

    def keep_refusals(self) -> None:
        """What was refused for want of permission stays on record though all else is rolled back."""
        if self.refused:
            with transaction.atomic():
                Run(refused=self.refused).close()


@dataclass(slots=True)
class Context:
    """One run of one command: who acts under which post, when, under which rules."""

    command: str
    actor: Actor
    now: datetime
    run: Run
    who: tuple[str, ...] = ()
    given: Any = None  # the typed input of the command that runs
    post: ActorPost | None = None
    subject_kind: str = ""
    subject_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def pack(self) -> "Pack":
        """The policy pack in force."""
        return policies.in_force()[1]

    @property
    def policy(self) -> "policies.PolicyVersion":
        """The version of the pack in force, for a case to keep."""
        return policies.in_force()[0]

    @property
    def post_code(self) -> str:
        return self.post.code if self.post else ""

    def audit(self, subject_kind: str, subject_id: object, **detail: Any) -> None:
        """Say in this run's audit entry what it was about. Never personal data."""
        self.subject_kind, self.subject_id = subject_kind, str(subject_id)
        self.detail.update(detail)

    def signal(self, *topics: str) -> None:
        self.run.topics.update(topics)

    def wake_worker(self) -> None:
        self.run.wake = True

    def require_agency(self, agency: str) -> None:
        """The actor must hold, in this agency, a post that may run this command; it then acts under it.

        The system may always; where the command is also for citizens, so may they.
        """
        if self.actor.kind == "system" or (self.actor.kind == "citizen" and "citizen" in self.who):
            return
        for post in self.actor.posts:
            if post.agency == agency and (post.role in self.who or "staff" in self.who):
                self.post = post
                return
        raise not_permitted()

    def require_role(self, *roles: str, agency: str | None = None) -> None:
        """The actor must hold one of these roles (in this agency); it then acts under that post."""
        if self.actor.kind == "system":
            return
        for post in self.actor.posts:
            if post.role in roles and agency in (None, post.agency):
                self.post = post
                return
        raise not_permitted()

    def line(self, outcome: str) -> trail.Line:
        return trail.Line(
            at=self.now,
            actor_kind=self.actor.kind,
            staff_id=self.actor.staff_id,
            post=self.post_code,
            via=self.actor.via,
            ip=self.actor.ip,
            command=self.command,
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            outcome=outcome,
            detail=self.detail,
        )


@contextmanager
def entered(context: Context) -> Iterator[Context]:
    """Make a context the current one within a block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def background(name: str, *, via: str = "worker", now: datetime | None = None) -> Iterator[Context]:
    """Work of the system itself (a sweep, a sender): one transaction, one audit entry, signals at its end."""
    context = Context(
        command=name, actor=replace(SYSTEM, via=via), now=now or clock.now(), run=Run(), who=("system",)
    )
    try:
        with transaction.atomic(), entered(context):
            yield context
            context.run.lines.append(context.line("done"))
            context.run.close()
    except Refused:
        context.run.keep_refusals()
        raise


def answer_of(result: Any) -> str:
    """The result of a command as it is stored for a repeated key."""
    return dumps(result)
