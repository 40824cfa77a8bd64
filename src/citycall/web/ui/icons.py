"""The icons of the component set: 16 × 16, drawn in the colour of the text beside them."""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_PATHS: dict[str, str] = {
    # states: a shape of its own for each, so that colour is never the only sign
    "ring": '<circle cx="8" cy="8" r="5.25"/>',
    "half": '<circle cx="8" cy="8" r="5.25"/><path d="M8 2.75a5.25 5.25 0 0 1 0 10.5z" class="fill"/>',
    "check": '<path d="m3 8.5 3.4 3.4L13 4.8" stroke-width="2"/>',
    "triangle": '<path d="M8 2.2 14.4 13.4H1.6z"/><path d="M8 6.4v3.2M8 11.4v.2" stroke-width="1.7"/>',
    "diamond": '<path d="M8 .9 15.1 8 8 15.1.9 8z" class="fill"/>'
    '<path d="M8 4.6v4M8 11v.2" class="cut" stroke-width="1.8"/>',
    "dash": '<path d="M3.5 8h9" stroke-width="2"/>',
    "square": '<rect x="3" y="3" width="10" height="10" rx="1.5"/>'
    '<path d="M8 7.4v3.4M8 5.2v.2" stroke-width="1.7"/>',
    # things and acts
    "phone": '<path d="M4.2 1.9 6 5.3 4.6 6.8a9 9 0 0 0 4.6 4.6l1.5-1.4 3.4 1.8-.5 2c-.1.5-.6.8-1.1.8'
    'C6.3 14.2 1.8 9.7 1.4 3.5c0-.5.3-1 .8-1.1z"/>',
    "clock": '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5V8l2.4 1.6"/>',
    "search": '<circle cx="7" cy="7" r="4.6"/><path d="m10.4 10.4 3.7 3.7"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "next": '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
    "previous": '<path d="M10 3.5 5.5 8l4.5 4.5"/>',
    "up": '<path d="m3.5 10 4.5-4.5 4.5 4.5"/>',
    "down": '<path d="m3.5 6 4.5 4.5L12.5 6"/>',
    "sort": '<path d="M5 6.2 8 3l3 3.2M5 9.8 8 13l3-3.2"/>',
    "file": '<path d="M4 1.8h5l3.2 3.3v9.1H4zM8.8 2v3.3H12"/>',
    "camera": '<path d="M1.8 5h3l1.1-1.8h4.2L11.2 5h3v8H1.8z"/><circle cx="8" cy="8.8" r="2.3"/>',
    "user": '<circle cx="8" cy="5.2" r="2.8"/><path d="M2.5 14c.5-3 2.6-4.5 5.5-4.5s5 1.5 5.5 4.5"/>',
    "mail": '<path d="M1.8 3.5h12.4v9H1.8z"/><path d="m2 4 6 4.8L14 4"/>',
    "message": '<path d="M2 3h12v8H7l-3.2 2.6V11H2z"/>',
    "pin": '<path d="M8 14.3s4.8-4.7 4.8-8a4.8 4.8 0 0 0-9.6 0c0 3.3 4.8 8 4.8 8z"/>'
    '<circle cx="8" cy="6.3" r="1.6"/>',
    "edit": '<path d="M2.5 13.5 3.2 10l7.3-7.3 2.8 2.8L6 12.8z"/>',
    "lock": '<path d="M3.5 7h9v6.5h-9z"/><path d="M5.3 7V4.8a2.7 2.7 0 0 1 5.4 0V7"/>',
    "eye": '<path d="M1.5 8S3.8 3.5 8 3.5 14.5 8 14.5 8 12.2 12.5 8 12.5 1.5 8 1.5 8z"/>'
    '<circle cx="8" cy="8" r="2"/>',
    "globe": '<circle cx="8" cy="8" r="6.2"/><path d="M1.8 8h12.4M8 1.8c2.2 2 3 4 3 6.2s-.8 4.2-3 6.2'
    'c-2.2-2-3-4-3-6.2s.8-4.2 3-6.2z"/>',
    "keyboard": '<rect x="1.3" y="4" width="13.4" height="8" rx="1"/>'
    '<path d="M4 6.7h.1M6.7 6.7h.1M9.4 6.7h.1M12 6.7h.1M4.7 9.4h6.6"/>',
    "swap": '<path d="M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3"/>',
    "out": '<path d="M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6"/>',
    "print": '<path d="M4 5.5v-4h8v4M4 11.5H1.8v-6h12.4v6H12"/><path d="M4 9.5h8v5H4z"/>',
    "inbox": '<path d="M1.8 9 4 2.8h8L14.2 9v4.2H1.8z"/><path d="M1.8 9h3.7l1 2h3l1-2h3.7"/>',
    "theme": '<circle cx="8" cy="8" r="5.6"/><path d="M8 2.4a5.6 5.6 0 0 0 0 11.2z" class="fill"/>',
    "merge": '<path d="M3 2.5v3c0 2.5 5 2.5 5 5v3M13 2.5v3c0 2.5-5 2.5-5 5"/>',
    "ear": '<path d="M2.8 9V8a5.2 5.2 0 0 1 10.4 0v1"/>'
    '<path d="M2 9h2.7v4.2H3.3L2 12.2zM14 9h-2.7v4.2h1.4l1.3-1z"/>',
}

NAMES = frozenset(_PATHS)


def icon(name: str, label: str = "") -> SafeString:
    """The icon called `name`. Decoration unless it has a `label`."""
    return _drawn(name, str(label))


@lru_cache(maxsize=512)
def _drawn(name: str, label: str) -> SafeString:
    """A page has a hundred of them, mostly the same few."""
    drawing = mark_safe(_PATHS[name])  # nosec: our own drawings above
    if label:
        return format_html(
            '<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>', label, drawing
        )
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', drawing)
