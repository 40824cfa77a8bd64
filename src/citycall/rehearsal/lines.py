"""YAML that remembers on which line each value stood, so that an error can name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]


class ScenarioError(Exception):
    """A scenario or world file that cannot be run as written: the file, the line and what is wrong."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Document:
    """The values of a YAML file, and the line of each by its path."""

    path: Path
    value: Any
    lines: dict[Place, int]

    def line(self, place: Sequence[str | int]) -> int:
        """The line of the value at `place`, or of the nearest value around it."""
        parts = tuple(place)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def error(self, place: Sequence[str | int], message: str) -> ScenarioError:
        return ScenarioError(self.path, self.line(place), message)


# The parser in C where PyYAML has it: a run reads dozens of files.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """Safe loading; a key given twice is an error, for one of the two would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def _note_lines(
    node: yaml.Node, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = (*place, key.value)
                lines[inner] = key.start_mark.line + 1
                _note_lines(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*place, index), lines)


def read(path: Path) -> Document:
    """The document in the file; ScenarioError if it is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(path, 1, f"cannot be read: {error}") from error
    lines: dict[Place, int] = {}
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                _note_lines(node, (), lines)
            value = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ScenarioError(path, mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ScenarioError(path, 1, f"not YAML: {error}") from error
    return Document(path, value, lines)
