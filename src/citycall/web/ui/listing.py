"""A list screen: which columns, in which order, which page. The query itself belongs to a room.

    COLUMNS = (Column("number", _("案號"), sort=True), Column("due", _("期限"), sort=True), ...)

    state = ListState.of(request, COLUMNS, default="due")
    page = case_list(agencies, filters, sort=state.sort_by, page=state.page, size=state.size)
    listing = Listing(state, COLUMNS, page.rows, page.has_next, page.total_hint)

In the template: `{% table listing row="inbox/_row.html" caption=... empty=... %}`; its row gets `row`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.http import urlencode

Row = TypeVar("Row")
Words = str | Promise
PAGE_SIZES = (25, 50, 100)
# Deeper than this nobody reads; a filter finds it sooner, and the database is spared the long skip.
LAST_PAGE = 40


@dataclass(frozen=True)
class Column:
    """One column. `sort` makes its heading a link; `align="end"` is for figures."""

    key: str
    label: Words
    sort: bool = False
    align: Literal["start", "end"] = "start"
    hidden_label: bool = False


@dataclass(frozen=True)
class ListState:
    """What the address asks for: `?sort=-due&page=2&size=50`. Nonsense is read as the default."""

    sort: str
    descending: bool
    page: int
    size: int
    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: HttpRequest, columns: Sequence[Column], default: str, size: int = 50) -> ListState:
        sortable = {column.key for column in columns if column.sort}
        asked = request.GET.get("sort", default)
        if asked.removeprefix("-") not in sortable:
            asked = default
        page = request.GET.get("page", "1")
        wanted = request.GET.get("size", "")
        return cls(
            sort=asked.removeprefix("-"),
            descending=asked.startswith("-"),
            page=min(max(int(page), 1), LAST_PAGE) if page.isdecimal() and len(page) < 5 else 1,
            size=int(wanted) if wanted in {str(each) for each in PAGE_SIZES} else size,
            path=request.path,
            query=tuple(
                (key, value)
                for key, values in request.GET.lists()
                for value in values
                if key not in {"sort", "page"}
            ),
        )

    @property
    def sort_by(self) -> str:
        """`due` or `-due`, as queries take it."""
        return f"-{self.sort}" if self.descending else self.sort

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    def address(self, sort: str, page: int = 1) -> str:
        return f"{self.path}?{urlencode([*self.query, ('sort', sort), ('page', str(page))])}"


@dataclass(frozen=True)
class Heading:
    column: Column
    href: str
    state: Literal["ascending", "descending", ""]


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One page of rows with what its table needs to draw itself."""

    state: ListState
    columns: Sequence[Column]
    rows: Sequence[Row]
    has_next: bool = False
    total: int | str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.sort:
            return Heading(column, "", "")
        if column.key != self.state.sort:
            return Heading(column, self.state.address(column.key), "")
        if self.state.descending:
            return Heading(column, self.state.address(column.key), "descending")
        return Heading(column, self.state.address(f"-{column.key}"), "ascending")

    @property
    def first(self) -> int:
        return self.state.offset + 1

    @property
    def last(self) -> int:
        return self.state.offset + len(self.rows)

    @property
    def previous_href(self) -> str:
        return self.state.address(self.state.sort_by, self.state.page - 1) if self.state.page > 1 else ""

    @property
    def next_href(self) -> str:
        if not self.has_next or self.state.page >= LAST_PAGE:
            return ""
        return self.state.address(self.state.sort_by, self.state.page + 1)

    @property
    def too_many(self) -> bool:
        return self.has_next and self.state.page >= LAST_PAGE
