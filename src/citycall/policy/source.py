"""Reading a pack's files with the place of every value, so that an error can say where it stands."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Step = str | int
Key = tuple[Step, ...]

_DEEPEST = 40
_MOST = 200_000


class PackError(Exception):
    """A pack that cannot be used: in which file, on which line, at which key, and what was expected."""

    def __init__(self, file: Path | str, line: int | None, key: str, message: str) -> None:
        self.file = str(file)
        self.line = line
        self.key = key
        self.message = message
        where = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{where}: {key}: {message}" if key else f"{where}: {message}")


class Source:
    """Values read from files, and for each the file and line that it came from."""

    def __init__(self) -> None:
        self.marks: dict[Key, tuple[str, int]] = {}
        self._scalars, self._values = _Plain(""), 0

    def where(self, key: Key) -> tuple[str, int | None]:
        """The place of a value, or of the nearest one that holds it."""
        for length in range(len(key), -1, -1):
            found = self.marks.get(key[:length])
            if found is not None:
                return found
        return "pack", None

    def error(self, key: Key, message: str) -> PackError:
        file, line = self.where(key)
        return PackError(file, line, ".".join(str(step) for step in key), message)

    def yaml(self, path: Path, root: Key) -> Any:
        """The content of a YAML file, put under `root`. Repeated and non-text keys are errors."""
        return self.yaml_text(_text(path), path, root)

    def yaml_text(self, text: str, path: Path | str, root: Key) -> Any:
        """The same of a text; `path` is what errors call it."""
        try:
            _shallow(text, path)
            node = yaml.compose(text, Loader=_Plain)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = None if mark is None else mark.line + 1
            problem = getattr(error, "problem", None) or str(error)
            raise PackError(path, line, "", f"this is not YAML: {problem}") from error
        self.marks[root] = (str(path), 1)
        self._scalars, self._values = _Plain(""), 0
        return {} if node is None else self._value(node, str(path), root)

    def _value(self, node: Node, file: str, key: Key) -> Any:
        self.marks.setdefault(key, (file, node.start_mark.line + 1))
        self._values += 1
        if len(key) > _DEEPEST or self._values > _MOST:  # aliases may make much of little
            what = "nested too deeply" if len(key) > _DEEPEST else "too many values"
            raise PackError(file, node.start_mark.line + 1, _dotted(key[:4]), what)
        if isinstance(node, MappingNode):
            mapping: dict[str, Any] = {}
            for name_node, value_node in node.value:
                name = name_node.value if isinstance(name_node, ScalarNode) else None
                line = name_node.start_mark.line + 1
                if not isinstance(name, str):
                    raise PackError(file, line, _dotted(key), "a key must be a word")
                if name in mapping:
                    raise PackError(file, line, _dotted((*key, name)), "this key stands here twice")
                self.marks[(*key, name)] = (file, line)
                mapping[name] = self._value(value_node, file, (*key, name))
            return mapping
        if isinstance(node, SequenceNode):
            return [self._value(one, file, (*key, n)) for n, one in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            problem = getattr(error, "problem", None) or error
            line = node.start_mark.line + 1
            raise PackError(file, line, _dotted(key), f"cannot be read: {problem}") from error

    def csv(
        self, path: Path, root: Key, columns: frozenset[str], needed: frozenset[str]
    ) -> list[dict[str, str]]:
        """The rows of a CSV file with a header, put under `root`; empty cells are left out."""
        text = _text(path)
        self.marks[root] = (str(path), 1)
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="\0")
        try:
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            for name in header:
                if name not in columns:
                    raise PackError(path, 1, name, f"unknown column; known are {', '.join(sorted(columns))}")
                if header.count(name) > 1:
                    raise PackError(path, 1, name, "this column stands here twice")
            for name in sorted(needed - set(header)):
                raise PackError(path, 1, name, "this column is missing")
            rows: list[dict[str, str]] = []
            for row in reader:
                line = reader.line_num
                if "\0" in row:
                    raise PackError(
                        path, line, "", f"more cells than the {len(header)} columns of the header"
                    )
                cells = {name: value.strip() for name, value in row.items() if value and value.strip()}
                if not cells:
                    continue
                self.marks[(*root, len(rows))] = (str(path), line)
                rows.append(cells)
            return rows
        except csv.Error as error:
            raise PackError(path, reader.line_num, "", f"this is not CSV: {error}") from error


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, read in C where that is built


class _Plain(_Safe):  # type: ignore[misc]
    """YAML in which 18:00 stays 18:00 (no base-sixty numbers) and 0912 stays a text."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":int", ":float"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d*)\.\d+$"), list("-0123456789")
)


def _shallow(text: str, path: Path | str) -> None:
    """Refuse what is nested too deeply before anything walks into it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Safe):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                line = None if event.start_mark is None else event.start_mark.line + 1
                raise PackError(path, line, "", "nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _dotted(key: Key) -> str:
    return ".".join(str(step) for step in key)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise PackError(path, None, "", "the file is missing") from error
    except UnicodeDecodeError as error:
        raise PackError(path, None, "", "the file is not UTF-8") from error
    except OSError as error:
        raise PackError(path, None, "", f"the file cannot be read: {error.strerror}") from error
