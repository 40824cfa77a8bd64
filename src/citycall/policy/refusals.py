"""What is wrong with a value, as a refusal that people can act on: file, line, key, what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from citycall.policy.source import Key, PackError, Source

# What loading adds to a pack: nobody writes it.
_OURS = {"form", "referred", "sources", "digest", "path"}


def explain(source: Source, error: ValidationError, under: Key = (), model: Any = None) -> PackError:
    """The first thing that is wrong, in words, with its place; `model`: what was read, to name its keys."""
    first = error.errors(include_url=False, include_context=False)[0]
    key = under + tuple(first["loc"])
    known = _known(source, key)
    message = first["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "expected")
    match first["type"]:
        case "extra_forbidden":
            message = "unknown key"
            fields = _fields(model, first["loc"][:-1])
            near = get_close_matches(str(first["loc"][-1]), fields, n=1, cutoff=0.75)
            message += f" (did you mean {near[0]}?)" if near else ""
            if fields:
                message += f"; expected {', '.join(fields)}"
        case "missing":
            message = "this key is missing"
    if first["type"] not in ("missing", "extra_forbidden"):
        message += f" (found {_short(first['input'])})"
    return PackError(*source.where(known), ".".join(str(step) for step in _told(key, known)), message)


def _fields(model: Any, loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the form at a place has, those of its first variant where there are several."""
    for step in loc:
        found = _inside(model, step)
        if found is not None:  # the name of a variant that was tried stands for nothing in the file
            model = found
    for one in _variants(model):
        if isinstance(one, type) and issubclass(one, BaseModel):
            names = [field.alias or name for name, field in one.model_fields.items()]
            return [name for name in names if name not in _OURS]
    return []


def _inside(model: Any, step: int | str) -> Any:
    for one in _variants(model):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for name, field in one.model_fields.items():
                if step in (name, field.alias):
                    return field.annotation
        elif get_origin(one) in (dict, Mapping):
            return get_args(one)[1]
        elif get_origin(one) is tuple and isinstance(step, int):
            return get_args(one)[0]
    return None


def _variants(model: Any) -> list[Any]:
    origin = get_origin(model)
    if origin is Annotated:
        return _variants(get_args(model)[0])
    if origin in (Union, UnionType):
        return [inner for one in get_args(model) for inner in _variants(one)]
    return [model]


def _known(source: Source, key: Key) -> Key:
    for length in range(len(key), -1, -1):
        if key[:length] in source.marks:
            return key[:length]
    return ()


def _told(key: Key, known: Key) -> Key:
    """The key as people wrote it: without the names of the forms that were tried."""
    rest = key[len(known) :]
    return known + tuple(
        step for step in rest if isinstance(step, int) or (step.islower() and "[" not in step)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
