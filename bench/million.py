"""A city's cases of some years, laid into the tables by few statements: 1,000,000, of which some 60,000 open.

Cases are copied from ones that were really taken. What is found by words and facts has texts put together
from the phrases below, and addresses on the roads of the pack; rare words, common words and names that
occur once are among them.
"""

from __future__ import annotations

import random
from typing import Any

import psycopg

from bench.house import House
from bench.running import LAMP, PETITION, establish
from citycall.policy import Pack
from citycall.services.cases import terms

FIRST = 100_000  # numbers of cases beyond those that the sequence gave
TEXTS, PLACES = 20_000, 40_000
OPEN_STATUSES = ("established", "acknowledged", "in_progress", "submitted", "completed")
WHERE = ("巷口", "國小正門前", "公園入口", "超商對面", "捷運站出口", "市場後門", "橋下", "停車場旁",
         "社區大門口", "路口斑馬線旁", "派出所隔壁", "加油站前", "醫院急診室旁", "圖書館後方",
         "活動中心前", "公車站牌旁")  # fmt: skip
WHAT = {
    "streetlight": ("路燈不亮", "路燈閃爍不定", "路燈白天未熄", "路燈桿傾斜", "三盞路燈全部熄滅"),
    "pothole": ("路面有坑洞", "柏油破損凹陷", "人孔蓋周圍下陷", "路面隆起不平"),
    "drain": ("水溝堵塞淤積", "側溝溢水", "排水不良下雨積水", "溝蓋破裂發出異音"),
    "noise": ("施工噪音擾人", "半夜機車改裝排氣管噪音", "店家播放音樂過大聲", "夜間裝修敲打"),
    "refuse": ("垃圾堆積無人清運", "有人隨意丟棄家具", "資源回收物占用人行道", "環境髒亂孳生蚊蟲"),
    "tree": ("路樹傾倒", "樹枝遮住號誌", "行道樹枯死有倒塌之虞", "樹根隆起破壞人行道"),
    "signal": ("紅綠燈故障", "號誌秒數過短", "行人號誌不亮", "號誌燈桿被撞歪"),
    "parking": ("車輛違規停放", "併排停車阻礙通行", "占用身心障礙停車位", "廢棄車輛長期占用車位"),
    "": ("建議延長市民活動中心開放時間", "申請補助遲未核發", "對承辦人員服務態度不滿", "建議增設無障礙坡道",
         "詢問育兒津貼請領資格", "檢舉違章建築"),
}  # fmt: skip
HOW = ("已經好幾天了", "影響行車安全", "請儘速派員處理", "晚上非常危險", "多次反映均未改善",
       "附近居民深受其擾", "恐有老人家跌倒", "希望能會同現勘", "造成用路人不便", "擔心發生意外")  # fmt: skip
RESULTS = ("已派員修復完成", "經現場勘查未發現異狀", "已請廠商排入養護工程", "已開單告發並拖吊",
           "清潔隊已清運完畢", "已函請台電公司更換燈具", "業已回覆陳情人")  # fmt: skip
NAMES = "王記永豐和順大福金玉美華興隆源成東南西北春夏秋冬松柏竹梅蘭菊荷雲山海川石天星月日光明仁義禮智信安康樂"
SHARES = {"streetlight": 30, "pothole": 12, "drain": 8, "noise": 12, "refuse": 10, "tree": 5, "signal": 4,
          "parking": 14, "": 5}  # fmt: skip


def lay(house: House, count: int, pack: Pack) -> int:
    """The cases with their events, clocks and terms; how many there are."""
    chance = random.Random(1999)
    lamp, petition = establish(LAMP), establish(PETITION)
    _texts(house, chance, pack, lamp, petition)
    _places(house, chance, pack)
    house.sql("ALTER TABLE cases_case DISABLE TRIGGER ALL", superuser=True)
    house.sql("DROP INDEX IF EXISTS case_terms")
    _cases(house, count)
    _terms(house, count)
    _beside(house, count)
    house.sql("ALTER TABLE cases_case ENABLE TRIGGER ALL", superuser=True)
    for table in ("cases_case", "cases_caseclock", "cases_caseterms", "base_event"):
        house.sql(f"VACUUM ANALYZE {table}", superuser=True)
    house.sql("CHECKPOINT", superuser=True)
    return int(house.sql("SELECT count(*) FROM cases_case")[0][0])


def _copy(house: House, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    house.sql(f"DROP TABLE IF EXISTS {table}")
    house.sql(f"CREATE TABLE {table} ({columns})")
    with (
        psycopg.connect(house.postgres.url(), autocommit=True) as connection,
        connection.cursor().copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _texts(house: House, chance: random.Random, pack: Pack, lamp: int, petition: int) -> None:
    """What was said, of which item, by whom it is handled; with the terms of the words and of the facts."""
    items = chance.choices(list(SHARES), list(SHARES.values()), k=TEXTS)
    rows: list[tuple[Any, ...]] = []
    for n, item in enumerate(items):
        shop = "".join(chance.choices(NAMES, k=chance.choice((2, 3))))
        said = f"{chance.choice(WHERE)}{chance.choice(WHAT[item])}，{chance.choice(HOW)}"
        said += chance.choice(("", f"，位置在{shop}商行前", f"，{chance.choice(HOW)}。", "，請回電說明"))
        result = chance.choice(RESULTS)
        agency = pack.items[item].agency if item else chance.choice(("civil", "social", "civil", "works"))
        kind, template = ("fast", lamp) if item else ("petition", petition)
        words = {terms.code(term) for term in terms.grams(said)}
        answered = {terms.code(term) for term in terms.grams(result)} - words
        facts = {"agency": agency, "kind": kind, "item": item}
        found = words | {terms.fact(name, value) for name, value in facts.items() if value}
        rows.append((n, template, item, agency, kind, said, result, list(found), list(answered)))
    columns = "n int PRIMARY KEY, template bigint, item text, agency text, kind text, said text, result text,"
    _copy(house, "bench_text", columns + " codes bigint[], answered bigint[]", rows)


def _places(house: House, chance: random.Random, pack: Pack) -> None:
    roads = sorted({road.name for road in pack.roads}) or ["中山路"]
    weights = [1 / (1 + number) for number in range(len(pack.districts))]
    rows: list[tuple[Any, ...]] = []
    for n in range(PLACES):
        district = chance.choices(pack.districts, weights)[0]
        address = f"{pack.city.zh}{district.name.zh}{chance.choice(roads)}{chance.randrange(1, 900)}號"
        found = {terms.code(term) for term in terms.grams(address)} | {terms.fact("district", district.code)}
        rows.append((n, district.code, address, list(found)))
    _copy(house, "bench_place", "n int PRIMARY KEY, district text, address text, codes bigint[]", rows)


def _cases(house: House, count: int) -> None:
    """The newest are mostly open, of the old ones few; places and texts are spread evenly over the years."""
    columns = [
        name
        for (name,) in house.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'cases_case'::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum"
        )
    ]
    opened = "(i.open)"
    others = {
        "id": f"{FIRST} + i.n",
        "number": f"'F' || to_char(i.at, 'YYYYMMDD')::int - 19110000 || '-' || ({FIRST} + i.n)",
        "kind": "t.kind",
        "item": "t.item",
        "agency": "t.agency",
        "description": "t.said",
        "district": "p.district",
        "address": "p.address",
        "addr_key": "p.address",
        "cause_group": "t.item",
        "party_id": "i.n",
        "stage": "i.stage",
        "status": "i.status",
        "established_at": "i.at",
        "clock_from": "i.at",
        "due_at": "i.at + (1 + i.n % 14) * interval '1 day'",
        "overdue": "i.open AND i.n % 7 = 0",
        "taken_by": "CASE WHEN i.status IN ('established', 'acknowledged') THEN NULL ELSE i.n % 400 END",
        "acknowledged_at": "CASE WHEN i.status = 'established' THEN NULL ELSE i.at END",
        "completed_at": f"CASE WHEN {opened} THEN NULL ELSE i.at END",
        "result": f"CASE WHEN {opened} THEN '' ELSE t.result END",
        "finding": f"CASE WHEN {opened} THEN '' ELSE 'resolved' END",
        "replied_at": f"CASE WHEN {opened} THEN NULL ELSE i.at END",
        "closed_at": f"CASE WHEN {opened} THEN NULL ELSE i.at END",
        "grade": "CASE WHEN t.kind = 'petition' AND i.n % 20 = 0 THEN 'B' ELSE '' END",
        "registered_late": "t.kind = 'petition' AND i.n % 50 = 0",
    }
    picked = ", ".join(others.get(name, f'c."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    house.sql(
        "CREATE TABLE bench_case AS SELECT n, open, at, n * 7919::bigint % " + str(TEXTS) + " AS text,"
        f" n * 104729::bigint % {PLACES} AS place,"
        " CASE WHEN open THEN (ARRAY['established','acknowledged','in_progress','in_progress','completed',"
        "  'in_progress','submitted'])[1 + n % 7]"
        "  WHEN n % 50 = 1 THEN 'withdrawn' WHEN n % 400 = 3 THEN 'released' ELSE 'closed' END AS status,"
        " CASE WHEN n % 20 = 5 THEN 'second' WHEN n % 500 = 6 THEN 'ordinary' ELSE 'first' END AS stage"
        f" FROM (SELECT n, ({count} - n < 60000 AND n * 31 % 10 < 7) OR n * 37 % 1000 < 15 AS open,"
        f" now() - ({count} - n) * interval '95 seconds' AS at FROM generate_series(1, {count}) n) AS each"
    )
    house.sql(
        f"INSERT INTO cases_case ({named}) SELECT {picked} FROM bench_case i"
        " JOIN bench_text t ON t.n = i.text JOIN bench_place p ON p.n = i.place"
        " JOIN cases_case c ON c.id = t.template ORDER BY i.n"
    )


def _terms(house: House, count: int) -> None:
    """The terms of each case: those of its text, place and facts, those of its result once it is closed."""
    stages = " ".join(
        f"WHEN '{stage}' THEN {terms.fact('stage', stage)}" for stage in ("first", "second", "ordinary")
    )
    ends = " ".join(
        f"WHEN '{status}' THEN {terms.fact('status', status)}"
        for status in ("closed", "withdrawn", "released")
    )
    house.sql(
        "INSERT INTO cases_caseterms (case_id, terms) SELECT"
        f" {FIRST} + i.n, (SELECT array_agg((({FIRST} + i.n)::bigint >> {terms.BLOCK} << 32) | code) FROM"
        "  (SELECT unnest(t.codes) AS code UNION SELECT unnest(p.codes)"
        "   UNION SELECT unnest(t.answered) WHERE NOT i.open"
        f"  UNION SELECT CASE i.status {ends} ELSE {terms.OPEN} END UNION SELECT CASE i.stage {stages} END)"
        "  AS codes)"
        " FROM bench_case i JOIN bench_text t ON t.n = i.text JOIN bench_place p ON p.n = i.place"
        " ORDER BY i.n"
    )
    url = house.postgres.url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(
            "CREATE INDEX case_terms ON cases_caseterms USING gin (terms) WITH (fastupdate = off)"
        )


def _beside(house: House, count: int) -> None:
    """What a case's page reads besides: a clock each, three events each."""
    house.sql(
        'INSERT INTO cases_caseclock (case_id, code, started_at, due, stopped_by, state, late, "limit")'
        f" SELECT {FIRST} + n, 'first_stage', at, at + (1 + n % 14) * interval '1 day', '',"
        " CASE WHEN open THEN 'running' ELSE 'stopped' END, false, '4 hours' FROM bench_case ORDER BY n"
    )
    for kind in ("case.established", "case.acknowledged", "case.taken"):
        house.sql(
            "INSERT INTO base_event (subject_kind, subject_id, kind, at, actor_kind, post, data)"
            f" SELECT 'case', {FIRST} + n, '{kind}', at, 'staff', 'works.window',"
            """ '{"set": {"status": "acknowledged"}}'::jsonb FROM bench_case ORDER BY n"""
        )
