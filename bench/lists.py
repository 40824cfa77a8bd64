"""1,000,000 cases, some 57,000 of them open: the case screen, the newest 50 by filters that people save,
look-ups by number and by words, as the browser and the API ask for them, by 8 at once. Plans are kept.

Beside each the same statements are timed alone, for a machine on which others work: what the database needs
is what the program asks of it; the rest is drawing the page.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import million
from bench.client import request, run
from bench.house import House
from bench.measure import Meter, percentile
from citycall.policy import Pack

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
CLIENTS, REQUESTS, SECONDS = 8, 400, 20.0
GOAL_MS = 100.0
PLANS = Path(__file__).with_name("plans")
# As an installation with years of cases would run its server; the defaults are for a laptop.
DATABASE = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
AGENCIES = ("works", "env", "police", "civil", "social")
STATUSES = ("", "open", "established", "acknowledged", "in_progress", "submitted", "completed", "closed",
            "withdrawn", "released")  # fmt: skip
WORDS = ("路燈", "路燈不亮", "中山路", "坑洞", "請", "王記", "永豐商行", "改裝排氣管", "龘", "中正路 噪音",
         "7-11", "公園入口 路樹", "已派員修復", "影響行車安全", "廢棄車輛",
         "無障礙坡道", "板橋區", "路燈 噪音")  # fmt: skip


def measure(house: House) -> dict[str, Any]:
    from citycall.base import policies

    pack = policies.in_force()[1]
    begun = time.perf_counter()
    cases = million.lay(house, CASES, pack)
    found: dict[str, Any] = {"cases": cases, "laid_s": time.perf_counter() - begun}
    (found["open"],) = house.sql("SELECT count(*) FROM cases_case WHERE status = ANY(%s)", list(OPEN))[0]
    filters = combinations(pack)
    found["filters"] = alone(filters)
    asks = requests(house, pack)
    found["screens"] = {name: _spoken(house, makers) for name, makers in asks.items()}
    keep_plans(filters)
    return found


OPEN = million.OPEN_STATUSES


def combinations(pack: Pack) -> list[Any]:
    """Filters as people may save them: every tray with every fact, alone and together; words with some."""
    from citycall.services.cases.queries import CaseFilter

    chance = random.Random(50)
    items, districts = [*million.SHARES][:-1], [district.code for district in pack.districts]
    trays: list[dict[str, Any]] = [
        *({"status": status} for status in STATUSES),
        {"overdue": True}, {"unsigned": True}, {"registered_late": True}, {"phone_owed": True},
        {"reported": True, "status": "open"}, {"grade": "B", "status": "open"},
        {"taken_by": 17, "status": "open"},
    ]  # fmt: skip
    narrowings: list[dict[str, Any]] = [{}]
    for item in (*chance.sample(items, 4), ""):
        for district in (districts[0], districts[-1], ""):
            for stage in ("first", "ordinary", ""):
                narrowings.append({"item": item, "district": district, "stage": stage})
    found = []
    for tray in trays:
        for narrowed in narrowings:
            for agencies in ((chance.choice(AGENCIES),), None):
                found.append(CaseFilter(agencies=agencies, **tray, **narrowed))
        for word in WORDS:
            found.append(CaseFilter(agencies=(chance.choice(AGENCIES),), q=word, **tray))
            found.append(CaseFilter(q=word, district=chance.choice(districts), **tray))
    return found


def alone(filters: list[Any]) -> dict[str, Any]:
    """Each filter's newest 50 asked of the database by one, twice, in this process."""
    from citycall.services.cases.queries import newest

    times = []
    for wanted in filters:
        newest(wanted, 51)
        begun = time.perf_counter()
        newest(wanted, 51)
        times.append(((time.perf_counter() - begun) * 1000, wanted))
    taken = [each for each, _wanted in times]
    worst = max(times, key=lambda pair: pair[0])
    said = {name: value for name, value in vars(worst[1]).items() if value}
    return {
        "filters": len(filters),
        "p50_ms": percentile(taken, 0.5),
        "p95_ms": percentile(taken, 0.95),
        "worst_ms": worst[0],
        "worst": str(said),
    }


def cookie(username: str) -> str:
    """A signed-in session, as the browser keeps it."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from citycall.people.models import Staff

    staff = Staff.objects.get(username=username)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = "citycall.people.backends.StaffBackend"
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def requests(house: House, pack: Pack) -> dict[str, list[bytes]]:
    """What is asked of the web processes, a screen each."""
    chance = random.Random(8)
    window, operator = cookie("works.intake_window"), cookie("call_centre.operator1")
    ids = [million.FIRST + chance.randrange(1, CASES) for _ in range(REQUESTS)]
    numbers = dict(house.sql("SELECT id, number FROM cases_case WHERE id = ANY(%s)", ids))
    works = [
        n for (n,) in house.sql("SELECT number FROM cases_case WHERE agency = 'works' AND id = ANY(%s)", ids)
    ]
    trays = ("unsigned", "signed", "progress", "late", "all", "closed", "grade_b", "mine", "phone")
    items, districts = [*million.SHARES][:-1], [district.code for district in pack.districts]

    def page(path: str, who: str) -> bytes:
        return request("GET", path, "none", Cookie=who).replace(b"Authorization: Bearer none\r\n", b"")

    def filtered() -> str:
        asked = {"item": chance.choice(["", *items]), "district": chance.choice(["", "", *districts])}
        asked |= {"q": chance.choice(["", "", *WORDS]), "sort": "-number", "size": "50"}
        said = "&".join(f"{name}={quote(value)}" for name, value in asked.items() if value)
        return f"/inbox/trays/{chance.choice(trays)}/?{said}"

    def api() -> str:
        asked = {"item": chance.choice(["", *items]), "district": chance.choice(["", *districts])}
        asked |= {"status": chance.choice(["", "in_progress", "closed", "withdrawn"]), "limit": "50"}
        return "/api/v1/cases?" + "&".join(f"{name}={value}" for name, value in asked.items() if value)

    return {
        "case screen": [page(f"/inbox/cases/{number}/", window) for number in works],
        "list, any filter": [page(filtered(), window) for _ in range(REQUESTS)],
        "list, by its limit": [page(f"/inbox/trays/{tray}/?sort=due", window) for tray in trays],
        "list, API": [request("GET", api(), house.token) for _ in range(REQUESTS)],
        "number": [page(f"/desk/search?q={number[:chance.choice((9, 11, 12))]}", operator)
                   for number in numbers.values()],
        "full text": [page(f"/desk/search?q={quote(chance.choice(WORDS))}", operator)
                      for _ in range(REQUESTS)],
    }  # fmt: skip


def _spoken(house: House, asked: list[bytes]) -> dict[str, Any]:
    def make(number: int) -> bytes:
        return asked[number % len(asked)]

    warm = run(house.port, 4, 40, 20, make)
    if set(warm.statuses) - {200, 302}:
        raise RuntimeError(f"{asked[0]!r}: {warm.statuses} {warm.last[:500]!r}")
    house.forget_statements()
    meter = Meter(house.groups())
    meter.begin()
    spoken = run(house.port, CLIENTS, REQUESTS, SECONDS, make)
    cost = meter.end()
    made = sum(spoken.statuses.values())
    statements = house.statements()
    single = run(house.port, 1, 60, 20, make)
    return {
        "requests": made,
        "statuses": spoken.statuses,
        "p50_ms": percentile(spoken.latencies, 0.5),
        "p95_ms": percentile(spoken.latencies, 0.95),
        "p95_alone_ms": percentile(single.latencies, 0.95),
        "web_ms": cost["web"] / made * 1000,
        "database_ms": cost["database"] / made * 1000,
        "statements_ms": sum(spent for _text, _calls, spent in statements) / made,
        "statements": sum(calls for _text, calls, _spent in statements) / made,
        "cores_of_others": cost["others"] / cost["seconds"],
    }


def keep_plans(filters: list[Any]) -> None:
    """The plans of some filters and of the statements of the case screen, one file each."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from citycall.services.cases import queries
    from citycall.services.cases.models import Case
    from citycall.services.cases.queries import CaseFilter

    case = Case.objects.get(pk=million.FIRST + CASES // 2)
    works = ("works",)
    asked = {
        "case-screen": lambda: queries.case_detail(case),
        "tray-in-progress": lambda: queries.newest(CaseFilter(works, status="in_progress"), 51),
        "tray-all": lambda: queries.newest(CaseFilter(works), 51),
        "item-district-closed": lambda: queries.newest(
            CaseFilter(works, status="closed", item="tree", district=case.district), 51
        ),
        "words-common": lambda: queries.newest(CaseFilter(q="路燈不亮"), 51),
        "words-nowhere": lambda: queries.newest(CaseFilter(("env",), q="路燈 噪音"), 51),
        "number-beginning": lambda: queries.newest(CaseFilter(q=case.number[:8]), 51),
        "counts": lambda: queries.counts(works, 17),
        "by-limit": lambda: queries.case_list(CaseFilter(works, status="open"), sort="due"),
    }
    PLANS.mkdir(exist_ok=True)
    for name, ask in asked.items():
        with CaptureQueriesContext(connection) as captured:
            ask()
        parts = []
        for one in captured.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(
                    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY) " + one["sql"].replace("%", "%%"), []
                )
                plan = "\n".join(row[0] for row in cursor.fetchall())
            parts.append(f"{_short(one['sql'])}\n\n{plan}\n")
        (PLANS / f"{name}.txt").write_text(f"-- {CASES:,} cases\n\n" + "\n\n".join(parts))


def _short(statement: str) -> str:
    return statement if len(statement) < 1500 else statement[:1200] + " ..."


def lines(found: dict[str, Any]) -> list[str]:
    alone_ = found["filters"]
    out = [
        f"Lists: {found['cases']:,} cases, {found['open']:,} of them open; {CLIENTS} clients"
        f" (goal p95 under {GOAL_MS:.0f} ms)",
        f"  {alone_['filters']:,} saved filters, newest 50, statements alone: p50 {alone_['p50_ms']:.1f} ms,"
        f" p95 {alone_['p95_ms']:.1f} ms, worst {alone_['worst_ms']:.1f} ms ({alone_['worst']})",
        "                         p50 ms   p95 ms  p95 of one   web ms    db ms  stmts"
        "  in them ms  others' cores",
    ]
    for name, one in found["screens"].items():
        verdict = "" if one["p95_ms"] < GOAL_MS else "   OVER THE GOAL"
        out.append(
            f"  {name:20} {one['p50_ms']:>9.1f} {one['p95_ms']:>8.1f} {one['p95_alone_ms']:>11.1f}"
            f" {one['web_ms']:>8.1f} {one['database_ms']:>8.1f} {one['statements']:>6.1f}"
            f" {one['statements_ms']:>11.2f} {one['cores_of_others']:>14.2f}{verdict}"
        )
    return out
