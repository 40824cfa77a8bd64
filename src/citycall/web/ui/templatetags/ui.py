"""The components, as template tags. `/ui/` shows every one in each of its states.

They are built in (settings), so a template needs no `{% load %}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from html import escape
from typing import Any

from django import forms, template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from citycall.base import clock as time
from citycall.web.ui import icons, words
from citycall.web.ui.listing import Listing, Words

register = template.Library()

# kind -> icon: the shape that says it before the colour does
SHAPES = {
    "neutral": "ring",
    "active": "half",
    "done": "check",
    "warn": "triangle",
    "late": "diamond",
    "off": "dash",
    "info": "square",
}
# what django.contrib.messages calls them
MESSAGE_KINDS = {"debug": "info", "success": "done", "warning": "warn", "error": "late"}
BUTTONS = {"primary", "secondary", "quiet", "danger"}
CLOCK_ICONS = {
    "running": "clock",
    "soon": "triangle",
    "late": "diamond",
    "met": "check",
    "missed": "diamond",
    "off": "dash",
}


def attributes(given: Mapping[str, Any]) -> SafeString:
    """`hx_post="/x"` → ` hx-post="/x"`; True stands alone, None and False are left out."""
    return flatatt(
        {key.rstrip("_").replace("_", "-"): value for key, value in given.items() if value is not None}
    )


@register.simple_tag
@cache
def static(path: str) -> str:
    """`{% static "ui/base.css" %}` as Django's: a page names some twenty files, whose addresses stay."""
    return staticfiles_storage.url(path)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "phone" %}`: see `citycall.web.ui.icons` for the names."""
    return icons.icon(name, label)


@register.simple_tag
def button(
    label: str,
    kind: str = "secondary",
    *,
    href: str = "",
    icon: str = "",
    key: str = "",
    type: str = "",
    small: bool = False,
    opens: str = "",
    **more: Any,
) -> SafeString:
    """`{% button _("成案") "primary" key="ctrl+enter" %}`; `href` makes it a link, `opens` opens a dialog."""
    if kind not in BUTTONS:
        raise ValueError(f"no such button: {kind}")
    inner = _button_inner(conditional_escape(label), icon, key)
    classes = f"button {kind}" + (" small" if small else "")
    more = {"class_": classes, "data_key": key or None, "data_opens": opens or None, **more}
    if href:
        return format_html('<a href="{}"{}>{}</a>', href, attributes(more), inner)
    kind_of = type or ("button" if opens or {"hx_get", "hx_post"} & set(more) else "submit")
    return format_html('<button type="{}"{}>{}</button>', kind_of, attributes(more), inner)


@lru_cache(maxsize=512)
def _button_inner(words: SafeString, icon: str, key: str) -> SafeString:
    """The picture, words and key of a button: the same on every page."""
    return format_html(
        '{}<span class="button-words">{}</span>{}', icons.icon(icon) if icon else "", words, key_hint(key)
    )


def key_hint(key: str) -> SafeString | str:
    if not key:
        return ""
    said = {"ctrl": "Ctrl", "enter": "Enter", "alt": "Alt", "shift": "Shift", "escape": "Esc"}
    parts = [said.get(part, part.upper() if len(part) == 1 else part) for part in re.split(r"[+ ]", key)]
    return format_html('<kbd class="key" aria-hidden="true">{}</kbd>', "+".join(parts))


@register.simple_tag
def badge(label: str, kind: str = "neutral") -> SafeString:
    """A state: its word and its shape; the colour only repeats them."""
    return _badge(str(label), kind)


@lru_cache(maxsize=512)
def _badge(label: str, kind: str) -> SafeString:
    """The same few words stand in every line of every list."""
    return format_html(
        '<span class="badge {}">{}<span>{}</span></span>', kind, icons.icon(SHAPES[kind]), label
    )


@register.filter
def named(value: Any) -> str:
    """`{{ item.name|named }}`: a pack's Text, or a (zh, en) pair, in the reader's language."""
    return words.named(value)


@register.filter
def day_said(day: date | None) -> str:
    """`{{ item.active_from|day_said }}`: a whole day, as the screens of staff write days."""
    return words.day_said(day) if day else ""


@register.simple_tag
def when(at: datetime | None, style: str = "short", to: words.Reader | None = None) -> SafeString | str:
    """An instant as people say it; exact on hover and in print. Styles: short, day, full, exact, document.

    The end of a limit: `due` (short), `due-full`, `due-document`; its midnight is 24:00 of the day before.
    """
    if not at:
        return format_html('<span class="none">{}</span>', "—")
    to = to or words.reader()
    exact = words.due_exact(at, to) if style.startswith("due") else words.exact(at, to)
    match style:
        case "short":
            said = words.short(at, time.now(), to)
        case "day":
            said = words.day_word(at, time.now(), to)
        case "exact":
            said = exact
        case "due":
            said = words.due_short(at, time.now())
        case _:
            said = _WRITERS[style](at)
    return SafeString(  # nosec B703: every word is escaped
        f'<time datetime="{at.isoformat()}" title="{escape(exact)}">{escape(said)}</time>'
    )


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "full": words.said,
    "due-full": words.due_said,
    "document": words.written,
    "due-document": words.due_written,
}


@register.simple_tag
def clock(
    due: datetime | None,
    started: datetime | None = None,
    stopped: datetime | None = None,
    label: str = "",
    off: bool = False,
    to: words.Reader | None = None,
) -> SafeString | str:
    """A running limit: 還有 6 分鐘, 逾期 2 小時; with `stopped`, how it ended.

    The browser ticks it. `started` lets it say when the last quarter has begun. With `off` it was called off
    before its end: neither met nor missed.
    """
    if not due:
        return format_html('<span class="none">{}</span>', "—")
    to = to or words.reader()
    _ = to.say
    state, said = _clock_state(due, started, stopped, to)
    if off and state == "met":
        state, said = "off", _("不再計時")
    named = f"{label}：" if label else ""
    exact = words.due_exact(due, to)
    ticks = "" if stopped else f' data-soon="{_soon_from(due, started).isoformat()}" data-ticks'
    title = escape(named + _("期限 {at}").format(at=exact))
    drawing = _clock_icons() if not stopped else icons.icon(CLOCK_ICONS[state])
    # Written out, for it stands in every line of a list.
    return SafeString(  # nosec B703: every word is escaped
        f'<time class="clock" data-state="{state}" datetime="{due.isoformat()}"{ticks} title="{title}">'
        f'{drawing}<span class="clock-words">{escape(said)}</span>'
        f'<span class="exact">{escape(exact)}</span></time>'
    )


@cache
def _clock_icons() -> SafeString:
    return format_html_join(
        "",
        '<span class="face" data-for="{}">{}</span>',
        ((state, icons.icon(CLOCK_ICONS[state])) for state in ("running", "soon", "late")),
    )


def _soon_from(due: datetime, started: datetime | None) -> datetime:
    return due - ((due - started) / 4 if started else timedelta(hours=1))


def _clock_state(
    due: datetime, started: datetime | None, stopped: datetime | None, to: words.Reader
) -> tuple[str, str]:
    _ = to.say
    if stopped:
        if stopped > due:
            return "missed", _("逾期 {span}").format(span=words.span(stopped - due, to))
        return "met", _("如期") + (
            f" · {_('用時 {span}').format(span=words.span(stopped - started, to))}" if started else ""
        )
    now = time.now()
    state = "late" if now > due else "soon" if now >= _soon_from(due, started) else "running"
    return state, words.remaining(due, now, to)


@register.simple_tag
def field(
    bound: BoundField,
    hint: str = "",
    label: str = "",
    width: str = "",
    optional: bool | None = None,
    **more: Any,
) -> SafeString:
    """One field of a form: label, hint, error, control, joined by `aria-describedby`.

    What must be filled in is marked so, and what need not be is too. `width` is short, medium or wide; any
    other argument becomes an attribute of the control. `optional=False` for what the form need not always
    have and this state needs; a field may say so itself (`must`), or that it is one of several of which one
    is needed (`needed`): that one is not marked at all.
    """
    widget, given = bound.field.widget, bound.field
    must = given.required or optional is False or getattr(given, "must", False)
    # A label may have a mark of its own, which the screen shows and hides (the card of the desk).
    required = must and not given.disabled and "data-needed" not in label
    optional = not must and not given.disabled and not getattr(given, "needed", False)
    single = isinstance(widget, forms.CheckboxInput)
    several = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    attrs = {key.rstrip("_").replace("_", "-"): value for key, value in more.items()}
    if isinstance(widget, forms.FileInput):
        attrs.setdefault("data-preview", True)
    hint = hint or str(bound.help_text)
    described = " ".join(
        filter(
            None,
            (
                f"{bound.auto_id}_hint" if hint else "",
                f"{bound.auto_id}_error" if bound.errors else "",
                str(attrs.pop("aria-describedby", "")),
            ),
        )
    )
    if described and not several:
        attrs["aria-describedby"] = described
    if bound.errors and not several:
        attrs["aria-invalid"] = "true"
    if required and not several and (not bound.field.required or isinstance(widget, forms.Select)):
        attrs.setdefault("aria-required", "true")
    words, name = str(conditional_escape(label or bound.label)), escape(bound.auto_id)
    if optional:
        words += f' <span class="optional">{escape(_("（選填）"))}</span>'
    elif required:
        words += f' <span class="required">{escape(_("（必填）"))}</span>'
    said = f'<p class="hint" id="{name}_hint">{conditional_escape(hint)}</p>\n' if hint else ""
    errors = "<br>".join(escape(str(error)) for error in bound.errors)
    wrong = f'<p class="error" id="{name}_error">{icons.icon("triangle")}<span>{errors}</span></p>\n'
    wrong = wrong if errors else ""
    control = bound.as_widget(attrs=attrs)
    previews = f'<div class="previews" data-previews-of="{name}" aria-live="polite"></div>\n'
    if several:
        by = f' aria-describedby="{escape(described)}"' if described else ""
        inner = f'<fieldset{by}><legend class="label">{words}</legend>\n{said}{wrong}{control}\n</fieldset>'
    elif single:
        shown = conditional_escape(label or bound.label)
        inner = f'{wrong}<label class="choice">{control}<span>{shown}</span></label>{said}'
    else:
        label_of = f'<label class="label" for="{escape(bound.id_for_label)}">{words}</label>'
        inner = f"{label_of}\n{said}{wrong}{control}\n"
    inner += previews if isinstance(widget, forms.FileInput) else ""
    classes = "field" + (f" {escape(width)}" if width else "") + (" has-error" if errors else "")
    classes += " single" if single else ""
    # Written out, for a page may have a hundred of them.
    return SafeString(  # nosec B703: every word is escaped
        f'<div class="{classes}" data-field="{escape(bound.name)}">\n{inner}</div>\n'
    )


@register.simple_tag
def fields(form: forms.Form) -> SafeString:
    """Every visible field of a form in its order, the hidden ones first."""
    hidden = format_html_join("", "{}", ((bound,) for bound in form.hidden_fields()))
    return hidden + format_html_join("\n", "{}", ((field(bound),) for bound in form.visible_fields()))


@register.inclusion_tag("ui/tag/error_summary.html")
def error_summary(form: forms.Form) -> dict[str, Any]:
    """What is wrong with the form, at its top, each a link to its field. Nothing when nothing is wrong."""
    return {
        "form": form,
        "general": form.non_field_errors(),
        "named": [(bound, error) for bound in form for error in bound.errors],
    }


@register.simple_block_tag
def notice(content: str, kind: str = "info", title: str = "", **more: Any) -> SafeString:
    """A banner: `{% notice "warn" title=_("…") %}…{% endnotice %}`; kinds info, done, warn, late."""
    kind = MESSAGE_KINDS.get(kind, kind)
    return format_html(
        '<div class="notice {}" {}{}>{}<div class="notice-body">{}{}</div></div>',
        kind,
        SafeString('role="alert"') if kind == "late" else SafeString('role="status"'),
        attributes(more),
        icons.icon(SHAPES[kind]),
        format_html('<p class="notice-title">{}</p>', title) if title else "",
        SafeString(content),  # nosec B703: drawn by templates that escape
    )


@register.simple_block_tag
def panel(content: str, title: str = "", *, id: str = "", actions: str = "", **more: Any) -> SafeString:
    """A sheet of paper with a heading. `actions` is HTML made by another tag (`{% button … as x %}`)."""
    heading = (
        format_html(
            '<header class="panel-head"><h2{}>{}</h2>{}</header>',
            attributes({"id": f"{id}-title" if id else None}),
            title,
            format_html('<div class="cluster">{}</div>', actions) if actions else "",
        )
        if title
        else ""
    )
    more = {
        "class_": f"panel {more.pop('class', '')}".strip(),
        "id": id or None,
        "aria-labelledby": f"{id}-title" if id and title else None,
        **more,
    }
    return format_html("<section{}>{}{}</section>", attributes(more), heading, SafeString(content))  # nosec B703


@register.simple_block_tag
def dialog(content: str, id: str, title: str, *, open: bool = False) -> SafeString:
    """`{% dialog "withdraw" _("註銷案件") %}…{% enddialog %}`; `{% button … opens="withdraw" %}` opens it.

    With `open` it opens by itself, for what came back with something wrong in it.
    """
    return format_html(
        '<dialog id="{}" class="dialog" aria-labelledby="{}-title"{}>'
        '<header class="dialog-head"><h2 id="{}-title">{}</h2>'
        '<button type="button" class="button quiet small" data-closes aria-label="{}">{}</button></header>'
        '<div class="dialog-body">{}</div></dialog>',
        id,
        id,
        attributes({"data-open": open or None}),
        id,
        title,
        _("關閉"),
        icons.icon("close"),
        SafeString(content),  # nosec B703: drawn by templates that escape
    )


@register.simple_tag
def table(
    listing: Listing[Any],
    row: str = "",
    caption: str = "",
    empty: str = "",
    empty_hint: str = "",
    id: str = "",
) -> SafeString:
    """A list screen's table: sortable headings, rows, paging, empty and too-many states.

    Rows are drawn by the template `row`, or, where many are shown often, drawn already (`extra["drawn"]`).
    """
    return SafeString(  # nosec B703: drawn by templates that escape
        render_to_string(
            "ui/tag/table.html",
            {
                "listing": listing,
                "row_template": row,
                "caption": caption,
                "empty": empty or _("這裡沒有資料"),
                "empty_hint": empty_hint,
                "id": id,
                **listing.extra,
            },
        )
    )


@register.inclusion_tag("ui/tag/empty.html")
def empty(title: str, hint: str = "", icon: str = "inbox") -> dict[str, Any]:
    """Nothing here, said kindly, with what would bring something here."""
    return {"title": title, "hint": hint, "icon_name": icon}


@dataclass(frozen=True)
class Entry:
    """One line of a timeline."""

    at: datetime
    title: str
    text: str = ""
    who: str = ""
    kind: str = "neutral"
    html: str = ""


@register.inclusion_tag("ui/tag/timeline.html")
def timeline(entries: Sequence[Any], label: str = "") -> dict[str, Any]:
    """What happened, in order. Entries have at, title and perhaps text, who, kind (as of a badge), html."""
    return {
        "label": label or _("經過"),
        "entries": [
            (entry, icons.icon(SHAPES[getattr(entry, "kind", "") or "neutral"])) for entry in entries
        ],
    }


@dataclass(frozen=True)
class Tab:
    """One of the views of the same thing. `count` is shown beside it, a word when it is not a number."""

    label: Words
    href: str
    current: bool = False
    count: int | str | None = None
    kind: str = ""


@register.inclusion_tag("ui/tag/tabs.html")
def tabs(items: Sequence[Tab], label: str) -> dict[str, Any]:
    return {"items": items, "label": label}


@register.inclusion_tag("ui/tag/filters.html", takes_context=True)
def filters(context: template.Context, form: forms.Form, target: str = "") -> dict[str, Any]:
    """The filter bar over a list: a GET form; with `target`, htmx replaces that element as one types."""
    request = context["request"]
    return {
        "form": form,
        "target": target,
        "path": request.path,
        "sort": request.GET.get("sort", ""),
        "filtered": any(form.data.get(name) for name in form.fields),
    }


@register.simple_tag
def loading(label: str = "", id: str = "") -> SafeString:
    """The quiet sign that htmx is fetching (`hx-indicator`). It keeps its room, so nothing moves."""
    return format_html(
        '<span class="htmx-indicator loading"{}><span class="visually-hidden">{}</span></span>',
        attributes({"id": id or None}),
        label or _("載入中"),
    )
