"""Every text of a screen, a command or a refusal has its English."""

from __future__ import annotations

import re

import polib

from . import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")


def test_every_text_has_its_english() -> None:
    known = messages.translated()
    missing = {one.key: one.where for one in messages.messages() if one.key not in known}
    lines = [
        f"{where}  {text}" for (_context, text), where in sorted(missing.items(), key=lambda one: one[1])
    ]
    assert not lines, f"{len(lines)} texts have no English:\n" + "\n".join(lines)


def test_the_extraction_sees_python_and_templates() -> None:
    found = {one.text for one in messages.messages()}
    assert "您的職務不使用這個畫面。" in found
    assert "唸給民眾聽" in found
    assert "{n} 天" in found


def test_a_translation_keeps_its_placeholders() -> None:
    wrong = []
    for path in messages.ROOT.rglob("locale/en/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            for text in (entry.msgstr, *entry.msgstr_plural.values()):
                if text and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(entry.msgid)):
                    wrong.append(f"{path.relative_to(messages.ROOT)}: {entry.msgid} → {text}")
    assert not wrong, "\n".join(wrong)


def test_nobody_translates_a_text_twice_differently() -> None:
    """Catalogues are laid over each other; two that disagree would depend on their order."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    for path in messages.ROOT.rglob("locale/en/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            if entry.msgid and entry.msgstr:
                where = str(path.relative_to(messages.ROOT))
                said.setdefault((entry.msgctxt or "", entry.msgid), {})[where] = entry.msgstr
    wrong = [f"{text}: {ways}" for (_context, text), ways in said.items() if len(set(ways.values())) > 1]
    assert not wrong, "\n".join(wrong)
