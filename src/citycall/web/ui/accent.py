"""One colour of the city, made into accents that can be read on light and on dark paper.

WCAG 2.2 asks for 4.5 : 1 between text and its ground; the city's colour is moved towards black or white until
it has a little more than that, so no pack can make the screens unreadable.
"""

from __future__ import annotations

import re
from functools import lru_cache

Rgb = tuple[float, float, float]

DEFAULT = "#17605a"
LIGHT_PAPER = "#efece3"  # the darkest ground of the light theme on which the accent stands
DARK_PAPER = "#2b2925"  # the lightest one of the dark theme
ENOUGH = 4.7
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def parse(colour: str) -> Rgb:
    if not _HEX.fullmatch(colour):
        raise ValueError(f"a colour is written #rrggbb, not {colour!r}")
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def write(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in rgb)


def mix(one: str, other: str, share: float) -> str:
    """`share` of `other` in `one`."""
    a, b = parse(one), parse(other)
    return write((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share))


def luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parse(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, ground: str, towards: str) -> str:
    """The colour, moved towards black or white no further than it must be to be read on the ground."""
    for step in range(101):
        moved = mix(colour, towards, step / 100)
        if contrast(moved, ground) >= ENOUGH:
            return moved
    return towards


@lru_cache(maxsize=16)
def sheet(colour: str) -> str:
    """The style sheet that gives the city's colour to the tokens."""
    light_tint = mix(colour, "#fffefa", 0.88)
    dark_tint = mix(colour, "#211f1c", 0.78)
    light = readable(readable(colour, LIGHT_PAPER, "#000000"), light_tint, "#000000")
    dark = readable(readable(mix(colour, "#ffffff", 0.3), DARK_PAPER, "#ffffff"), dark_tint, "#ffffff")
    tokens = {
        "accent-on-light": light,
        "accent-on-light-strong": mix(light, "#000000", 0.25),
        "ink-on-accent-light": "#fffefa",
        "accent-tint-light": light_tint,
        "accent-on-dark": dark,
        "accent-on-dark-strong": mix(dark, "#ffffff", 0.35),
        "ink-on-accent-dark": "#141311",
        "accent-tint-dark": dark_tint,
    }
    return ":root{" + "".join(f"--{name}:{value};" for name, value in tokens.items()) + "}\n"
