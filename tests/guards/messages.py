"""Every text that is marked for translation, taken from the source as the program itself would look it up."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

import citycall

ROOT = Path(citycall.__file__).parent
# What each name takes: how many texts, and whether the first is a context.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


@dataclass(frozen=True)
class Message:
    """One text to be translated, and where it stands."""

    context: str
    text: str
    where: str

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.text


def messages() -> Iterator[Message]:
    """All of them: Python first, then templates."""
    for path in sorted(ROOT.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from _from_source(path.read_bytes(), path)
    for path in sorted(ROOT.rglob("templates/**/*.html")):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        yield from _from_source(source.encode(), path)


def _from_source(source: bytes, path: Path) -> Iterator[Message]:
    found = extract_python(io.BytesIO(source), KEYWORDS, [], {"encoding": "utf-8"})  # type: ignore[arg-type]
    for line, function, texts, _comments in found:
        given = list(texts) if isinstance(texts, tuple) else [texts]
        context = ""
        if function.startswith(("pgettext", "npgettext")):
            context, *given = [text or "" for text in given]
        text = given[0] if given else ""
        if isinstance(text, str) and text:
            yield Message(context or "", text, f"{path.relative_to(ROOT)}:{line}")


def translated(language: str = "en") -> set[tuple[str, str]]:
    """Context and text of every entry that has a translation, from all catalogues of a language."""
    found = set()
    for path in ROOT.rglob(f"locale/{language}/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            done = entry.msgstr or (entry.msgstr_plural and all(entry.msgstr_plural.values()))
            if done and not entry.obsolete and "fuzzy" not in entry.flags:
                found.add((entry.msgctxt or "", entry.msgid))
    return found
