"""The letter to the citizen as a sheet of paper: PDF to send, ODT to work on (the government's own format).

Both are drawn from the same lines. Years are those of the Republic; the citizen's name is masked unless it
was opened for the mailing (``cases.open_letter``).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from citycall.base import clock
from citycall.base.files import ODT, PDF
from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.services.cases.models import Case, ReplyDraft


@dataclass(frozen=True)
class Sheet:
    """A letter's lines, as a Taiwanese government writes them."""

    city: str
    agency: str
    word: str
    to: str
    address: str
    heads: tuple[tuple[str, str], ...]
    title: str
    paragraphs: tuple[str, ...]
    draft: bool  # not approved yet: says so across its head


def letter_of(
    pack: Pack,
    case: Case,
    draft: ReplyDraft,
    name: str,
    *,
    address: str = "",
    now: datetime,
    preview: bool = False,
) -> Sheet:
    """The letter of a reply: date of the Republic, document number, handler and telephone, case, body."""
    kind = pack.kinds[case.kind]
    grade = kind.writing.grade(draft.grade) if kind.writing else None
    day = draft.reply_date or clock.local(now).date()
    heads = [
        ("發文日期", f"中華民國{clock.roc_date(day)}"),
        ("發文字號", draft.document_number),
        ("案號", case.number),
        ("處理等級", grade.name.zh if grade else ""),
        ("承辦人", draft.handler_name),
        ("電話", draft.handler_phone),
    ]
    return Sheet(
        city=pack.name.zh,
        agency=agency_names().get(case.agency, (case.agency, ""))[0],
        word="回復函",
        to=f"{name} 君" if name else "陳情人",
        address=address,
        heads=tuple((label, value) for label, value in heads if value),
        title=draft.title or f"有關台端{kind.name.zh}（案號 {case.number}）一案，復請查照。",
        paragraphs=tuple(line for line in draft.content.splitlines() if line.strip()),
        draft=preview,
    )


def made(sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    """The files of a letter: what kind each is, and its content."""
    yield PDF, as_pdf(sheet)
    yield ODT, as_odt(sheet)


def as_html(sheet: Sheet) -> str:
    """The sheet as a page, for the preview beside the editor and for the PDF."""
    return render_to_string("cases/letter.html", {"sheet": sheet})


def as_pdf(sheet: Sheet) -> bytes:
    from weasyprint import HTML

    return bytes(HTML(string=as_html(sheet), url_fetcher=_nothing).write_pdf())


def _nothing(url: str, *_args: Any, **_kwargs: Any) -> Any:
    """A letter holds nothing from elsewhere."""
    raise ValueError(f"a letter loads nothing: {url[:80]}")


def as_odt(sheet: Sheet) -> bytes:
    from odfdo import Document, Header, Paragraph, Style

    document = Document("text")
    body = document.body
    body.clear()
    font = {"font": "Noto Serif CJK TC"}
    for name, size, more in (
        ("Head", "20pt", {"bold": True}),
        ("Line", "12pt", {}),
        ("Body", "14pt", {}),
    ):
        style = Style("paragraph", name=f"Letter{name}")
        style.set_properties({"style:font-size-asian": size, "fo:font-size": size}, area="text")
        style.set_properties({"fo:margin-bottom": "0.2cm", "fo:line-height": "150%"}, area="paragraph")
        if more.get("bold"):
            style.set_properties({"fo:font-weight": "bold", "style:font-weight-asian": "bold"}, area="text")
        style.set_properties({"style:font-name-asian": font["font"]}, area="text")
        document.insert_style(style, automatic=True)
    body.append(Header(1, f"{sheet.city}　{sheet.agency}　{sheet.word}", style="LetterHead"))
    if sheet.draft:
        body.append(Paragraph("擬稿，尚未核定", style="LetterLine"))
    body.append(Paragraph(f"受文者：{sheet.to}", style="LetterBody"))
    if sheet.address:
        body.append(Paragraph(f"地址：{sheet.address}", style="LetterLine"))
    for label, value in sheet.heads:
        body.append(Paragraph(f"{label}：{value}", style="LetterLine"))
    body.append(Paragraph(f"主旨：{sheet.title}", style="LetterBody"))
    body.append(Paragraph("說明：", style="LetterBody"))
    for paragraph in sheet.paragraphs:
        body.append(Paragraph(paragraph, style="LetterBody"))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
