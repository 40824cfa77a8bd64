"""Loading a pack: read its files, lay them over the pack it extends, build and check the model.

A pack is a folder: `pack.yaml` and, as it needs them, `kinds.yaml`, `clocks.yaml`, `notices.yaml`,
`tasks.yaml`, `requests.yaml`, `templates.yaml`, `settings.yaml`, `readings.yaml`, `may.yaml`, `intake.yaml`,
`items.csv`, `districts.csv`, `districts.geojson` (their outlines), `roads.csv`, `authorities.csv`. With
`extends: OTHER` in `pack.yaml` it takes the files of the pack OTHER beside it and says only what differs: a
CSV of its own replaces the other's; kinds (by code, key by key), clocks, notices, tasks, requests (by
code), templates, settings, readings, `may` and `intake` (by its parts) are laid over it, and `remove:
[CODE…]` in `clocks.yaml`, `notices.yaml`, `tasks.yaml` or `requests.yaml` takes rules away. Then references
to settings and readings are
put in (see `settings`).
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from citycall.policy.borders import BorderError, Borders, read_borders
from citycall.policy.cross import cross_check
from citycall.policy.model import Pack
from citycall.policy.refusals import explain
from citycall.policy.settings import resolve
from citycall.policy.source import Key, PackError, Source
from citycall.policy.upgrades import CURRENT, upgraded
from citycall.policy.variation_points import POINTS, READINGS

FILES = (
    "pack.yaml", "kinds.yaml", "clocks.yaml", "notices.yaml", "tasks.yaml", "requests.yaml",
    "templates.yaml", "settings.yaml", "readings.yaml", "may.yaml", "intake.yaml",
    "items.csv", "districts.csv", "districts.geojson", "roads.csv", "authorities.csv",
)  # fmt: skip

ITEM_COLUMNS = (
    "code", "name_zh", "name_en", "kind", "agency", "cause_group", "stage1", "stage2_max", "public_safety",
    "resources", "evidence", "handler", "place_kinds", "keywords", "radius_m", "active_from", "active_until",
    "sample",
)  # fmt: skip
_NEEDED = frozenset(["code", "name_zh", "agency", "stage1", "stage2_max"])
_DISTRICT_COLUMNS = frozenset(["code", "name_zh", "name_en", "zip"])
_ROAD_COLUMNS = frozenset(["name", "district", "sample"])
_AUTHORITY_COLUMNS = frozenset(
    ["code", "name_zh", "name_en", "matters_zh", "matters_en", "phone", "phone_note_zh", "phone_note_en",
     "address", "website", "words", "source", "sample"]
)  # fmt: skip
_YES = {
    "yes": True,
    "true": True,
    "1": True,
    "是": True,
    "no": False,
    "false": False,
    "0": False,
    "否": False,
}

_cache: dict[Path, tuple[tuple[tuple[str, int, int], ...], Pack]] = {}
_lock = threading.Lock()


def load_pack(path: Path | str) -> Pack:
    """The pack in a folder, checked; raises PackError. Kept until one of its files changes."""
    folder = Path(path).resolve()
    stamp = _stamp(folders_of(folder))
    with _lock:
        found = _cache.get(folder)
        if found is not None and found[0] == stamp:
            return found[1]
        pack, _ = _load(folder)
        _cache[folder] = (stamp, pack)
        return pack


def read_pack(path: Path | str) -> Pack:
    """The pack in a folder, checked and not remembered; raises PackError."""
    return read_marked(path)[0]


def read_marked(path: Path | str) -> tuple[Pack, Source]:
    """The pack in a folder, and where each of its values stands; raises PackError."""
    return _load(Path(path).resolve())


def folders_of(folder: Path) -> list[Path]:
    """The folder and those it extends, nearest first."""
    chain = [folder]
    while True:
        source = Source()
        head = source.yaml(chain[-1] / "pack.yaml", ())
        if not isinstance(head, dict):
            raise source.error((), "expected keys and values")
        extends = head.get("extends")
        if extends is None:
            return chain
        if not isinstance(extends, str) or "/" in extends or extends.startswith("."):
            raise source.error(("extends",), "expected the name of a pack beside this one")
        base = chain[-1].parent / extends
        if base in chain:
            raise source.error(("extends",), f"{extends} leads back to this pack")
        if not (base / "pack.yaml").is_file():
            raise source.error(("extends",), f"there is no pack {extends!r} beside this one")
        chain.append(base)


def _stamp(folders: list[Path]) -> tuple[tuple[str, int, int], ...]:
    stamps = []
    for folder in folders:
        for name in FILES:
            file = folder / name
            if file.is_file():
                stat = file.stat()
                stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def _load(folder: Path) -> tuple[Pack, Source]:
    folders = folders_of(folder)
    source = Source()
    raw: dict[str, Any] = {}
    for one in reversed(folders):
        _lay(raw, source, one)
    _typed(raw, source)
    taken = resolve(raw, source)
    data = {**raw.pop("pack")}
    try:
        data |= {name: value for name, value in raw.items() if value}
        data |= {"referred": frozenset(taken.values()), "sources": taken}
        data["digest"] = _digest(folders)
        data["path"] = str(folder)
        pack = Pack.model_validate(data)
    except ValidationError as error:
        raise explain(source, error, model=Pack) from None
    problem = cross_check(pack)
    if problem is not None:
        raise source.error(*problem)
    return pack, source


def _typed(raw: dict[str, Any], source: Source) -> None:
    """Every setting and reading holds what its point may hold."""
    for table, points in (("settings", POINTS), ("readings", READINGS)):
        for slug, entry in raw.get(table, {}).items():
            point = points.get(slug)
            if point is None or not isinstance(entry, dict):
                continue
            try:
                point.read(entry.get("value"))
            except ValidationError as error:
                raise explain(source, error, (table, slug, "value"), point.type) from None


def _schema(own: Source, head: dict[str, Any]) -> int:
    """The form that the files of a folder are written in."""
    schema = head.pop("schema", 1)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise own.error(("schema",), f"expected a number from 1 to {CURRENT} (found {schema!r})")
    if schema > CURRENT:
        raise own.error(("schema",), f"this software reads packs up to schema {CURRENT}, not {schema}")
    return schema


def _digest(folders: list[Path]) -> str:
    sums = hashlib.sha256()
    for folder in folders:
        for name in FILES:
            file = folder / name
            if file.is_file():
                sums.update(f"{folder.name}/{name}\0".encode())
                sums.update(file.read_bytes())
                sums.update(b"\0")
    return sums.hexdigest()


def _lay(raw: dict[str, Any], source: Source, folder: Path) -> None:
    """Lay one folder's content over what was read before."""
    own = Source()
    head = _mapping(own, own.yaml(folder / "pack.yaml", ()), ())
    schema = _schema(own, head)
    raw["pack"] = {**raw.get("pack", {}), **_mapping(own, upgraded(head, "pack", schema), ()), "form": schema}
    if "extends" not in head:
        raw["pack"].pop("extends", None)
    source.marks.update(own.marks)
    for name in ("kinds", "templates", "settings", "readings", "may", "intake"):
        if (folder / f"{name}.yaml").is_file():
            _lay_mapping(raw, source, folder / f"{name}.yaml", name, schema)
    for name in ("clocks", "notices", "tasks", "requests"):
        if (folder / f"{name}.yaml").is_file():
            _lay_rules(raw, source, folder / f"{name}.yaml", name, schema)
    if (folder / "items.csv").is_file():
        raw["items"] = _items(source, folder / "items.csv")
    if (folder / "districts.csv").is_file():
        raw["districts"] = _districts(source, folder / "districts.csv")
        raw.pop("roads", None)
        raw.pop("borders", None)
    if (folder / "districts.geojson").is_file():
        raw["borders"] = _borders(source, folder / "districts.geojson", raw.get("districts", []))
    if (folder / "roads.csv").is_file():
        raw["roads"] = _roads(source, folder / "roads.csv")
    if (folder / "authorities.csv").is_file():
        raw["authorities"] = _authorities(source, folder / "authorities.csv")


def _mapping(source: Source, value: Any, key: Key) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise source.error(key, "expected keys and values")
    return value


def _lay_mapping(raw: dict[str, Any], source: Source, path: Path, name: str, schema: int) -> None:
    own = Source()
    content = _mapping(own, upgraded(own.yaml(path, (name,)), name, schema), (name,))
    into = raw.setdefault(name, {})
    for code, value in content.items():
        if name == "kinds":
            value = {**into.get(code, {}), **_mapping(own, value, (name, code)), "code": code}
        elif name == "templates":
            value = _templates(own, value, code)
        _forget(source, (name, code), keep=name == "kinds")
        into[code] = value
    source.marks.update(own.marks)


def _templates(own: Source, value: Any, code: str) -> dict[str, Any]:
    """The words of one template; a bare text is a body without a subject."""
    channels = _mapping(own, value, ("templates", code))
    for channel, words in channels.items():
        for lang, one in _mapping(own, words, ("templates", code, channel)).items():
            if lang not in ("zh-hant", "en"):
                raise own.error(("templates", code, channel, lang), "expected zh-hant or en")
            if isinstance(one, str):
                words[lang] = {"body": one}
    return channels


def _lay_rules(raw: dict[str, Any], source: Source, path: Path, name: str, schema: int) -> None:
    """Rules with a code each: one laid over another of the same code replaces it in its place."""
    own = Source()
    content = upgraded(own.yaml(path, ("file",)), name, schema)
    remove: list[Any] = []
    at: Key = ("file",)
    if isinstance(content, dict):
        unknown = set(content) - {"remove", name}
        if unknown:
            raise own.error(("file", min(unknown)), f"unknown key; expected {name} or remove")
        remove, content, at = content.get("remove", []), content.get(name, []), ("file", name)
    if not isinstance(content, list) or not isinstance(remove, list):
        raise own.error(at, "expected a list of rules")
    into: list[dict[str, Any]] = raw.setdefault(name, [])
    place = {rule["code"]: n for n, rule in enumerate(into)}
    for n, code in enumerate(remove):
        if code not in place:
            raise own.error(("file", "remove", n), f"there is no rule {code!r} to remove")
    seen: set[str] = set()
    for n, rule in enumerate(content):
        code = _mapping(own, rule, (*at, n)).get("code")
        if not isinstance(code, str):
            raise own.error((*at, n), "expected a code")
        if code in seen:
            raise own.error((*at, n, "code"), f"the code {code!r} stands here twice")
        seen.add(code)
        if code in place:
            into[place[code]] = rule
        else:
            place[code] = len(into)
            into.append(rule)
        _forget(source, (name, place[code]))
        for key, mark in own.marks.items():
            if key[: len(at) + 1] == (*at, n):
                source.marks[(name, place[code], *key[len(at) + 1 :])] = mark
    if remove:
        gone = {place[code] for code in remove}
        kept = [n for n in range(len(into)) if n not in gone]
        marks = {key: mark for key, mark in source.marks.items() if key[:1] == (name,) and len(key) > 1}
        _forget(source, (name,))
        for new, old in enumerate(kept):
            for key, mark in marks.items():
                if key[1] == old:
                    source.marks[(name, new, *key[2:])] = mark
        into[:] = [into[n] for n in kept]
    source.marks.setdefault((name,), (str(path), 1))


def _forget(source: Source, key: Key, *, keep: bool = False) -> None:
    if not keep:
        for mark in [mark for mark in source.marks if mark[: len(key)] == key]:
            del source.marks[mark]


def _items(source: Source, path: Path) -> dict[str, Any]:
    root = ("items",)
    _forget(source, root)
    items: dict[str, Any] = {}
    for n, row in enumerate(source.csv(path, root, frozenset(ITEM_COLUMNS), _NEEDED)):
        mark = source.marks.pop((*root, n))
        code = row.get("code", "")
        source.marks[(*root, code)] = mark
        if not code:
            raise source.error((*root, code), "a row without a code")
        if code in items:
            raise PackError(mark[0], mark[1], f"items.{code}", "the code stands here twice")
        value: dict[str, Any] = {**row}
        value["name"] = _name(value)
        value.setdefault("cause_group", code)
        for flag in ("public_safety", "resources", "evidence", "sample"):
            if flag in value:
                answer = _YES.get(str(value[flag]).lower())
                if answer is None:
                    raise source.error((*root, code, flag), f"{value[flag]!r} is neither yes nor no")
                value[flag] = answer
        if "keywords" in value:
            value["keywords"] = [word for word in str(value["keywords"]).split() if word]
        if "place_kinds" in value:
            value["place_kinds"] = str(value["place_kinds"]).split()
        if "radius_m" in value and not str(value["radius_m"]).isdigit():
            raise source.error((*root, code, "radius_m"), f"{value['radius_m']!r} is not a number of metres")
        items[code] = value
    return items


def _name(row: dict[str, Any]) -> dict[str, str]:
    zh = str(row.pop("name_zh", ""))
    return {"zh": zh, "en": str(row.pop("name_en", zh))}


def _districts(source: Source, path: Path) -> list[Any]:
    _forget(source, ("districts",))
    rows: list[dict[str, Any]] = []
    codes: set[str] = set()
    for n, row in enumerate(source.csv(path, ("districts",), _DISTRICT_COLUMNS, _DISTRICT_COLUMNS)):
        code = row.get("code", "")
        if not code:
            raise source.error(("districts", n), "a row without a code")
        if code in codes:  # said here: an outline that is missing would be blamed on the other file
            raise source.error(("districts", n), f"the code {code!r} stands here twice")
        codes.add(code)
        value: dict[str, Any] = {**row}
        value["name"] = _name(value)
        rows.append(value)
    return rows


def _borders(source: Source, path: Path, districts: list[dict[str, Any]]) -> Borders:
    """The outlines of the districts, one for each row of districts.csv."""
    source.marks[("borders",)] = (str(path), 1)
    try:
        return read_borders(path.read_text(encoding="utf-8"), [str(row["code"]) for row in districts])
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(path, None, "", f"cannot be read: {error}") from error
    except BorderError as error:
        raise PackError(path, None, error.feature, error.reason) from error


def _roads(source: Source, path: Path) -> list[Any]:
    _forget(source, ("roads",))
    rows = source.csv(path, ("roads",), _ROAD_COLUMNS, frozenset({"name", "district"}))
    return [{**row, "sample": _YES.get(row.get("sample", "yes").lower(), True)} for row in rows]


def _authorities(source: Source, path: Path) -> list[Any]:
    """Outside authorities, one a row, with where each row was taken from (KM-7-6b)."""
    _forget(source, ("authorities",))
    rows: list[dict[str, Any]] = []
    needed = frozenset({"code", "name_zh", "phone", "source"})
    for n, row in enumerate(source.csv(path, ("authorities",), _AUTHORITY_COLUMNS, needed)):
        value: dict[str, Any] = {**row}
        for name in ("name", "matters", "phone_note"):
            zh = str(value.pop(f"{name}_zh", ""))
            en = str(value.pop(f"{name}_en", "") or zh)
            if zh or name == "matters":
                value[name] = {"zh": zh, "en": en}
        code = value.get("code", "")
        if any(one.get("code") == code for one in rows):
            raise source.error(("authorities", n), f"the code {code!r} stands here twice")
        value["words"] = str(value.get("words", "")).split()
        value["sample"] = _YES.get(str(value.get("sample", "no")).lower(), True)
        rows.append(value)
    return rows
