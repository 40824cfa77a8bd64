"""The one way to change anything: a registered command, called through one door.

The door checks who may, reads the typed input, opens the transaction, honours an idempotency key, and writes
one audit entry. A refusal rolls everything back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from inspect import getdoc
from typing import Any, Generic, TypeVar, get_type_hints

from django.apps import apps
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from pydantic import TypeAdapter, ValidationError

from citycall.base import clock, policies
from citycall.base.commands import idempotency
from citycall.base.commands.actors import Actor, ActorPost
from citycall.base.commands.context import Context, Run, answer_of, current, entered
from citycall.base.commands.inputs import Input
from citycall.base.commands.refusals import Refused, from_validation, not_found, not_permitted
from citycall.base.encoding import digest

I = TypeVar("I", bound=Input)  # noqa: E741
R = TypeVar("R")

TRIES = 3
# Serialization failure, deadlock; a unique key that somebody else took meanwhile, which the second try sees.
_AGAIN = frozenset({"40001", "40P01", "23505"})
WORDS = frozenset({"system", "citizen", "staff", "anyone"})

_registry: dict[str, "Command[Any, Any]"] = {}
_loaded = False


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """What the registry says of a command; `who` before the pack in force has its say."""

    name: str
    who: tuple[str, ...]
    input: type[Input]
    input_schema: dict[str, Any]
    clauses: tuple[str, ...]
    doc: str
    keyed: bool


class Command(Generic[I, R]):
    """A command as it is called: `establish(actor, data, key=None)`.

    `data` is the typed input or a mapping that will be read as one. Within another command, pass its context
    instead of the actor: the same actor then acts, in the same transaction, with an audit entry of its own.
    """

    def __init__(
        self,
        function: Callable[[Context, I], R],
        name: str,
        who: tuple[str, ...],
        clauses: tuple[str, ...],
        keyed: bool,
    ) -> None:
        hints = get_type_hints(function)
        inputs: list[Any] = [hint for name_, hint in hints.items() if name_ not in ("return", "ctx")]
        if len(inputs) != 1 or not _is_input(inputs[0]):
            raise TypeError(f"command {name}: write it as (ctx: Context, data: <an Input>) -> result")
        self.function = function
        self.name = name
        self.who = who
        self.clauses = clauses
        self.keyed = keyed
        self.input: type[I] = inputs[0]
        self.result: TypeAdapter[R] = TypeAdapter(hints.get("return", Any))
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __repr__(self) -> str:
        return f"<command {self.name}>"

    @property
    def spec(self) -> CommandSpec:
        return CommandSpec(
            name=self.name,
            who=self.who,
            input=self.input,
            input_schema=self.input.model_json_schema(),
            clauses=self.clauses,
            doc=getdoc(self.function) or "",
            keyed=self.keyed,
        )

    def __call__(self, actor: Actor | Context, data: I | Mapping[str, Any], key: str | None = None) -> R:
        if isinstance(actor, Context):
            actor = actor.actor
        outer = current()
        if outer is not None:
            with outer.run.undone_on_error(), transaction.atomic():
                return self._checked(outer.run, actor, data, key)
        for attempt in range(1, TRIES + 1):
            run = Run()
            try:
                with transaction.atomic():
                    result = self._checked(run, actor, data, key)
                    run.close()
            except Refused:
                run.keep_refusals()
                raise
            except (OperationalError, IntegrityError) as error:
                if attempt == TRIES or connection.in_atomic_block or not _may_succeed_again(error):
                    raise
            else:
                return result
        raise AssertionError("unreachable")

    def _checked(self, run: Run, actor: Actor, data: I | Mapping[str, Any], key: str | None) -> R:
        who = effective_who(self)
        context = Context(command=self.name, actor=actor, now=clock.now(), run=run, who=who)
        try:
            context.post = _post_to_act_under(actor, who)
            values = context.given = self._read(data)
            claim = None
            if key is not None:
                idempotency.check_key(key)
                scope = f"{actor.identity()} {self.name}"
                claim = idempotency.claim(scope, key, digest(_comparable(values)), context.now)
                if claim.id is None:
                    run.lines.append(context.line("replayed"))
                    return self.result.validate_json(claim.result)
            before = len(run.lines)
            with entered(context):
                result = self.function(context, values)
        except Refused as refused:
            if refused.code == "not_permitted" and not refused.on_record:
                refused.on_record = True
                run.refused.append(context.line(refused.code))
            raise
        run.lines.insert(before, context.line("done"))
        if claim is not None and claim.id is not None:
            run.answers.append((claim.id, answer_of(result)))
        return result

    def _read(self, data: I | Mapping[str, Any]) -> I:
        if isinstance(data, self.input):
            return data
        if isinstance(data, Input):
            raise TypeError(f"{self.name} takes {self.input.__name__}, not {type(data).__name__}")
        try:
            return self.input.model_validate(data)
        except ValidationError as error:
            raise from_validation(error) from None


def _is_input(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Input)


def command(
    name: str, *, who: Iterable[str], clauses: Iterable[str] = (), keyed: bool = False
) -> Callable[[Callable[[Context, I], R]], Command[I, R]]:
    """Register a function as the command `room.verb`.

    `who`: role names; or the words `system`, `citizen` (somebody from outside), `staff` (whoever is signed
    in, post or not), `anyone`. A pack may give a command to other roles. `keyed` says that callers should
    send an idempotency key; one is honoured by every command.
    """

    def register(function: Callable[[Context, I], R]) -> Command[I, R]:
        if name in _registry and _registry[name].function.__qualname__ != function.__qualname__:
            raise ValueError(f"two commands are called {name}")
        made = Command(function, name, tuple(who), tuple(clauses), keyed)
        _registry[name] = made
        return made

    return register


def commands() -> dict[str, CommandSpec]:
    """Every registered command by name, in order."""
    autoload()
    return {name: _registry[name].spec for name in sorted(_registry)}


def execute(
    name: str, actor: Actor | Context, data: Input | Mapping[str, Any], key: str | None = None
) -> Any:
    """Run a command by its name."""
    if name not in _registry:
        autoload()
    if name not in _registry:
        raise not_found()
    return _registry[name](actor, data, key)


def autoload() -> None:
    """Import the `commands` of every room, once."""
    global _loaded
    if _loaded:
        return
    for config in apps.get_app_configs():
        if config.name.startswith("citycall.") and config.name != "citycall.base":
            module = f"{config.name}.commands"
            if find_spec(module) is not None:
                import_module(module)
    import_module("citycall.base.operations")  # this room's own; `commands` is the door itself
    _loaded = True


def effective_who(named: "Command[Any, Any] | CommandSpec | str") -> tuple[str, ...]:
    """Who may run a command under the pack in force."""
    known = _registry[named] if isinstance(named, str) else named
    pack = policies.in_force_or_none()
    given = pack.may.get(known.name) if pack is not None else None
    return tuple(given) if given is not None else known.who


def may(actor: Actor, name: str) -> bool:
    """Whether the actor's posts allow the command at all: for screens that show or leave out a button."""
    if name not in _registry:
        autoload()
    return name in _registry and _allowed(actor, effective_who(name))


def _allowed(actor: Actor, who: tuple[str, ...]) -> bool:
    return (
        "anyone" in who
        or (actor.kind in ("system", "citizen") and actor.kind in who)
        or (actor.kind == "staff" and "staff" in who)
        or any(post.role in who for post in actor.posts)
    )


def _post_to_act_under(actor: Actor, who: tuple[str, ...]) -> ActorPost | None:
    if not _allowed(actor, who):
        raise not_permitted()
    return next((post for post in actor.posts if post.role in who), actor.posts[0] if actor.posts else None)


def _may_succeed_again(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _AGAIN


def _comparable(values: Input) -> dict[str, Any]:
    """The input as the idempotency key compares it; of bytes and uploads, their content."""
    return {name: _plain(value) for name, value in values}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return digest(bytes(value).hex()).hex()
    if hasattr(value, "chunks") and hasattr(value, "size"):  # an upload
        content = b"".join(value.chunks())
        value.seek(0)
        return [str(value.name), digest(content.hex()).hex()]
    if isinstance(value, Input):
        return _comparable(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
