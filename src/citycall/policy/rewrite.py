"""Changing one value in a YAML file of a pack: its comments and all that was not meant stay as they are.

Only the characters of the old value are replaced. Where that cannot be done (an anchor that others refer to)
the file is written anew; what it says is then the same, and its comments are gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from citycall.policy.source import PackError, Source

_WIDE = 100_000
_FLOW = 96  # longer values are written in lines of their own


def value_of(text: str, what: str = "") -> Any:
    """A value as people type it in YAML; raises PackError with the line. Anchors are not taken."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else None
                raise PackError(what, line, "", "anchors and aliases (& and *) are not taken here")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = None if mark is None else mark.line + 1
        raise PackError(what, line, "", f"this is not YAML: {problem}") from error
    except RecursionError:
        raise PackError(what, None, "", "nested too deeply") from None
    return _read(text, what) if text.strip() else None


def written(value: Any) -> str:
    """A value in YAML as people read it: short ones on one line."""
    flow = _dumped(value, flow=True)
    if not isinstance(value, dict | list) or (len(flow) <= _FLOW and not _nested(value)):
        return flow
    return _dumped(value, flow=False)


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with the value at this path of keys replaced, or put in where there is none."""
    if not path:
        raise ValueError("a path has at least one key")
    wanted = _with(_read(text), path, value)
    made = _spliced(text, path, value)
    if made is not None:
        try:
            if _read(made) == wanted:
                return made
        except PackError:
            pass
    return _dumped(wanted, flow=False) + "\n"


def _read(text: str, what: str = "") -> Any:
    return Source().yaml_text(text, what, ())


def _with(content: Any, path: Sequence[str], value: Any) -> Any:
    first, *rest = path
    inner = content if isinstance(content, dict) else {}
    return {**inner, first: _with(inner.get(first), rest, value) if rest else value}


def _spliced(text: str, path: Sequence[str], value: Any) -> str | None:
    node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return f"{text.rstrip()}\n{_dumped(_with({}, path, value), flow=False)}\n".lstrip("\n")
    for depth, key in enumerate(path):
        if not isinstance(node, MappingNode):
            return None
        pair = next(
            (pair for pair in node.value if isinstance(pair[0], ScalarNode) and pair[0].value == key), None
        )
        if pair is None:
            rest = path[depth + 1 :]
            return _inserted(text, node, key, _with({}, rest, value) if rest else value)
        name, found = pair
        if depth == len(path) - 1:
            return _replaced(text, name, found, value)
        node = found
    return None


def _replaced(text: str, name: Node, found: Node, value: Any) -> str | None:
    start, end = found.start_mark.index, _end(found, text)
    gap = text[name.end_mark.index : start] if start >= name.end_mark.index else ""
    if not re.fullmatch(r"\s*:\s*(?:#[^\n]*\n\s*)*", gap):
        return None  # an alias: the value stands elsewhere
    column = name.start_mark.column
    return text[: name.end_mark.index] + ":" + _body(value, column) + text[end:]


def _inserted(text: str, mapping: MappingNode, key: str, value: Any) -> str | None:
    if not mapping.value:
        return None
    if mapping.flow_style:
        start = mapping.value[0][0].start_mark.index
        return f"{text[:start]}{_dumped({key: value}, flow=True)[1:-1]}, {text[start:]}"
    column = mapping.value[0][0].start_mark.column
    end = max(_end(found, text) for _name, found in mapping.value)
    line = text.find("\n", end)
    line = len(text) if line < 0 else line
    return f"{text[:line]}\n{' ' * column}{_dumped(key, flow=True)}:{_body(value, column)}{text[line:]}"


def _body(value: Any, column: int) -> str:
    """What stands behind the colon."""
    said = written(value)
    if "\n" not in said and not (
        isinstance(value, dict | list) and value and not said.startswith(("{", "["))
    ):
        return f" {said}"
    pad = " " * (column + 2)
    return "\n" + "\n".join(f"{pad}{line}" if line else line for line in said.split("\n"))


def _end(node: Node, text: str) -> int:
    """Where the last character of a value stands; a block's own mark lies beyond the comments after it."""
    end: int = node.end_mark.index
    if isinstance(node, MappingNode) and not node.flow_style and node.value:
        return max(_end(inner, text) for pair in node.value for inner in pair)
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return max(_end(inner, text) for inner in node.value)
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end


def _dumped(value: Any, *, flow: bool) -> str:
    if not isinstance(value, dict | list):
        return _dumped([value], flow=True)[1:-1]  # as it may stand within brackets too
    said = yaml.safe_dump(
        value, default_flow_style=flow, allow_unicode=True, sort_keys=False, width=_WIDE, indent=2
    )
    return str(said).removesuffix("\n...\n").rstrip("\n")


def _nested(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return any(
        isinstance(deep, dict | list)
        for one in inner
        if isinstance(one, dict | list)
        for deep in (one.values() if isinstance(one, dict) else one)
    )


__all__ = ["put", "value_of", "written"]
