"""The components: their words, their states, and colours that can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from citycall.base import clock
from citycall.web.ui import accent, icons, words
from citycall.web.ui.listing import LAST_PAGE, Column, Listing, ListState
from citycall.web.ui.templatetags.ui import SHAPES

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Taipei
COLUMNS = (Column("number", "案號", sort=True), Column("due", "期限", sort=True), Column("text", "案情"))


def draw(source: str, **context: Any) -> str:
    with clock.at(NOW):
        return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (6.5, "還有 6 分鐘"),
        (0.7, "還有 42 秒"),
        (60, "還有 1 小時"),
        (125, "還有 2 小時 5 分"),
        (60 * 7 + 30, "還有 7 小時"),
        (60 * 47, "還有 47 小時"),
        (60 * 72 + 5, "還有 3 天"),
        (0, "還有 0 秒"),
        (-0.5, "剛逾期"),
        (-121, "逾期 2 小時 1 分"),
    ],
)
def test_times_are_said_as_people_say_them(minutes: float, said: str) -> None:
    assert words.remaining(NOW + timedelta(minutes=minutes), NOW) == said


def test_days_are_said_as_people_say_them() -> None:
    assert words.short(NOW, NOW) == "10:00"
    assert words.short(NOW - timedelta(days=1), NOW) == "昨天 10:00"
    assert words.short(NOW + timedelta(hours=14), NOW) == "明天 00:00"
    assert words.short(NOW - timedelta(days=30), NOW) == "1月31日 10:00"
    assert words.short(NOW - timedelta(days=90), NOW) == "2025年12月2日 10:00"
    assert words.exact(NOW) == "2026-03-02 10:00:00（民國115年3月2日）"


@pytest.mark.parametrize(
    ("due", "started", "stopped", "state"),
    [
        (10, -1, None, "running"),
        (2, -8, None, "soon"),
        (-1, -10, None, "late"),
        (10, -10, -2, "met"),
        (-5, -15, -2, "missed"),
    ],
)
def test_a_clock_says_its_state(due: int, started: int, stopped: int | None, state: str) -> None:
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOW + timedelta(minutes=minutes)

    drawn = draw("{% clock due started stopped %}", due=at(due), started=at(started), stopped=at(stopped))
    assert f'data-state="{state}"' in drawn
    assert ("data-ticks" in drawn) == (stopped is None)
    assert "民國115年3月2日" in drawn


def test_a_limit_that_ends_at_midnight_ends_with_the_day_before() -> None:
    midnight = NOW + timedelta(hours=14)
    assert words.due_short(midnight, NOW) == "24:00"
    assert words.due_short(midnight + timedelta(days=1), NOW) == "明天 24:00"
    assert words.due_short(midnight + timedelta(minutes=1), NOW) == "明天 00:01"
    assert words.due_said(midnight) == "2026年3月2日 24:00"
    assert words.due_written(midnight) == "115年3月2日 24:00"
    assert words.due_exact(midnight) == "2026-03-02 24:00（民國115年3月2日）"
    drawn = draw("{% clock due %}{% when due 'due' %}", due=midnight)
    assert drawn.count("2026-03-02 24:00（") == 3
    assert "00:00:00（" not in drawn
    with translation.override("en"):
        assert words.due_short(midnight + timedelta(days=3), NOW) == "5 Mar 24:00"
        assert words.due_said(midnight) == "2 Mar 2026 24:00"
        assert words.due_written(midnight) == "2026-03-02 24:00"


def test_days_have_the_year_of_the_republic_in_documents_alone() -> None:
    assert words.said(NOW) == "2026年3月2日 10:00"
    with words.as_document():
        assert words.said(NOW) == "115年3月2日 10:00"
        assert words.month_said("2026-03") == "115年3月"
    assert words.day_said(NOW.date()) == "2026年3月2日"
    assert words.month_said("2026-03") == "2026年3月"


def test_nothing_due_is_a_dash() -> None:
    assert "—" in draw("{% clock nothing %}{% when nothing %}", nothing=None)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_state_is_a_word_and_a_shape_first(kind: str) -> None:
    drawn = draw("{% badge label kind %}", label="<逾期>", kind=kind)
    assert "&lt;逾期&gt;" in drawn
    assert "<svg" in drawn


def test_what_people_wrote_is_never_markup() -> None:
    bad = "<script>alert(1)</script>"
    drawn = draw(
        "{% button bad title=bad %}{% notice 'info' title=bad %}{{ bad }}{% endnotice %}"
        "{% panel bad %}{{ bad }}{% endpanel %}{% dialog 'x' bad %}{{ bad }}{% enddialog %}"
        "{% empty bad bad %}{% icon 'phone' bad %}{% timeline entries %}",
        bad=bad,
        entries=[{"at": NOW, "title": bad, "text": bad, "who": bad}],
    )
    assert "<script>" not in drawn


def test_a_button_submits_unless_it_does_something_else() -> None:
    assert 'type="submit"' in draw("{% button '送' %}")
    assert 'type="button"' in draw("{% button '開' opens='x' %}")
    assert 'type="button"' in draw("{% button '取' hx_get='/x' %}")
    assert draw("{% button '到' href='/x' %}").startswith("<a ")
    with pytest.raises(ValueError, match="no such button"):
        draw("{% button '送' 'loud' %}")


def test_every_icon_of_a_state_exists() -> None:
    assert set(SHAPES.values()) <= icons.NAMES


def state_of(rf: RequestFactory, query: str) -> ListState:
    return ListState.of(rf.get(f"/list?{query}"), COLUMNS, default="-due", size=50)


@pytest.mark.parametrize(
    ("query", "sort_by", "page", "size"),
    [
        ("", "-due", 1, 50),
        ("sort=number&page=3&size=25", "number", 3, 25),
        ("sort=text", "-due", 1, 50),
        ("sort=number;drop table&page=-1&size=9999", "-due", 1, 50),
        ("page=99999999999999", "-due", 1, 50),
        ("page=9999", "-due", LAST_PAGE, 50),
        ("page=%F0%9D%9F%9A", "-due", 2, 50),
        ("sort=--due", "-due", 1, 50),
    ],
)
def test_a_list_reads_nonsense_as_the_default(
    rf: RequestFactory, query: str, sort_by: str, page: int, size: int
) -> None:
    state = state_of(rf, query)
    assert (state.sort_by, state.page, state.size) == (sort_by, page, size)


def test_headings_turn_the_order_and_keep_the_filter(rf: RequestFactory) -> None:
    listing = Listing(state_of(rf, "q=坑洞&sort=due&page=2"), COLUMNS, ["a"], has_next=True)
    number, due, text = listing.headings
    assert "sort=-due" in due.href
    assert due.state == "ascending"
    assert "q=%E5%9D%91%E6%B4%9E" in number.href
    assert "page=1" in number.href
    assert text.href == ""
    assert "page=1" in listing.previous_href
    assert "page=3" in listing.next_href
    assert (listing.first, listing.last) == (51, 51)


def test_too_many_is_said(rf: RequestFactory) -> None:
    listing = Listing(state_of(rf, f"page={LAST_PAGE}"), COLUMNS, [{"kind": "late"}], has_next=True)
    drawn = draw("{% table listing row='ui/_sample_row.html' caption='x' %}", listing=listing)
    assert "請用篩選縮小範圍" in drawn
    assert listing.next_href == ""


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_city_colour_can_be_read(rgb: tuple[int, int, int]) -> None:
    colour = "#{:02x}{:02x}{:02x}".format(*rgb)
    sheet = accent.sheet(colour)
    tokens = dict(
        part.removeprefix("--").split(":") for part in sheet[len(":root{") : -len("}\n")].split(";") if part
    )
    assert accent.contrast(tokens["accent-on-light"], accent.LIGHT_PAPER) >= 4.5
    assert accent.contrast(tokens["accent-on-light"], tokens["accent-tint-light"]) >= 4.5
    assert accent.contrast(tokens["accent-on-light"], tokens["ink-on-accent-light"]) >= 4.5
    assert accent.contrast(tokens["accent-on-light-strong"], tokens["ink-on-accent-light"]) >= 4.5
    assert accent.contrast(tokens["accent-on-dark"], accent.DARK_PAPER) >= 4.5
    assert accent.contrast(tokens["accent-on-dark"], tokens["accent-tint-dark"]) >= 4.5
    assert accent.contrast(tokens["accent-on-dark"], tokens["ink-on-accent-dark"]) >= 4.5


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "#12345g", "#123456;}body{display:none"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="rrggbb"):
        accent.sheet(colour)


def test_the_page_of_components(as_operator: Client) -> None:
    page = as_operator.get("/ui/").content.decode()
    for part in (
        "error-summary",
        "timeline",
        "skeleton",
        'data-state="late"',
        "<dialog",
        "目前沒有待簽收的案件",
    ):
        assert part in page


def test_the_same_words_in_english() -> None:
    with translation.override("en"):
        assert words.remaining(NOW + timedelta(minutes=6.5), NOW) == "6 min left"
        assert words.remaining(NOW - timedelta(hours=2), NOW) == "2 h overdue"
        assert words.short(NOW - timedelta(days=30), NOW) == "31 Jan 10:00"
        assert words.exact(NOW) == "2026-03-02 10:00:00"
