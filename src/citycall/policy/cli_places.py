"""`citycall places`: the outlines of a city's districts, where a point lies, how well addresses are read."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import click

from citycall.policy.borders import BorderError, read_borders, written
from citycall.policy.load import load_pack, read_pack
from citycall.policy.located import Point, locate
from citycall.policy.model import Pack
from citycall.policy.places import PlaceError, without_section
from citycall.policy.source import PackError

PATH = click.Path(path_type=Path, exists=True)


@click.group()
def places() -> None:
    """Outlines of districts, points and addresses of a policy pack."""


@places.command()
@click.argument("file", type=PATH)
@click.option("--pack", "folder", type=PATH, required=True, help="The folder of the pack.")
@click.option("--property", "name", default="code", show_default=True, help="Holds the district's code.")
@click.option("--epsg", type=click.Choice(["4326", "3826", "3825"]), default="4326", show_default=True)
@click.option("--source", default="", help="Whose outlines these are, and under which licence.")
def load(file: Path, folder: Path, name: str, epsg: str, source: str) -> None:
    """Put the city's own outlines (GeoJSON) into the pack, checked.

    They come into force like any change of the pack: with its next version, once that is approved, on record.
    Governments next door that the pack's file names stay, unless FILE names some.
    """
    pack = _pack(folder)
    try:
        text = file.read_text(encoding="utf-8-sig")
        found = read_borders(text, [one.code for one in pack.districts], name=name, epsg=int(epsg))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error
    except BorderError as error:
        raise click.ClickException(f"{file}: {error}") from error
    beside = tuple(area for area in pack.borders.areas if area.outside) if pack.borders else ()
    if beside and not any(area.outside for area in found.areas):
        found = type(found)((*found.areas, *beside))
    target = folder / "districts.geojson"
    target.write_text(written(found, source or file.name), encoding="utf-8")
    read_pack(folder)
    click.echo(f"{target}: {len(found.areas)} outlines; put the pack in force as a new version")


@places.command()
@click.argument("address")
@click.option("--pack", "folder", type=PATH, required=True)
@click.option("--point", nargs=2, type=float, help="Latitude and longitude.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def find(address: str, folder: Path, point: tuple[float, float] | None, lang: str) -> None:
    """What the pack makes of ADDRESS and a point: written form, key, district, contradiction."""
    pack = _pack(folder)
    try:
        found = locate(pack, address, None, Point(*point) if point else None)
    except PlaceError as error:
        raise click.ClickException(error.text.get(lang)) from error
    click.echo(f"{found.place.address_norm}\n{found.place.addr_key or '-'}  ({found.place.kind})")
    if found.contradiction is not None:
        click.echo(found.contradiction.get(lang))


@places.command()
@click.argument("file", type=PATH)
@click.option("--pack", "folder", type=PATH, required=True)
@click.option("--address", default="address", show_default=True, help="Column of the address.")
@click.option("--district", default="district", show_default=True, help="Column of the district's name.")
@click.option("--roads", type=PATH, help="A list of roads (columns name, district) instead of the pack's.")
def measure(file: Path, folder: Path, address: str, district: str, roads: Path | None) -> None:
    """How well the addresses of FILE (CSV) are read: how many get a key, in how many the road says where."""
    pack = _pack(folder)
    names = {one.name.zh: one.code for one in pack.districts}
    if roads is not None:
        pack = _with_roads(pack, roads, names)
    known = pack.gazetteer.by_road
    seen: Counter[str] = Counter()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if not (said := (row.get(address) or "").strip()):
                continue
            where = (row.get(district) or "").strip()
            seen["places"] += 1
            try:
                found = pack.place(said, where)
            except PlaceError as error:
                seen[f"refused: {error.code}"] += 1
                continue
            seen["with a key"] += 1
            seen[f"kind: {found.kind}"] += 1
            if found.road is None:
                continue
            seen["on a road"] += 1
            seen["road in the list"] += found.road in known or without_section(found.road) in known
            try:
                alone = pack.place(said)
            except PlaceError as error:
                seen["road in a few districts, asked"] += bool(error.choices)
                continue
            seen["district without being told"] += 1
            seen["and another than recorded"] += alone.district_code != names.get(where)
    for name, n in seen.items():
        click.echo(f"{n:8,}  {n / seen['places']:6.2%}  {name}")


def _with_roads(pack: Pack, roads: Path, names: dict[str, str]) -> Pack:
    from citycall.policy.model import Road

    with roads.open(encoding="utf-8-sig", newline="") as lines:
        rows = [(row.get("name") or "", row.get("district") or "") for row in csv.DictReader(lines)]
    codes = set(names.values())
    listed = [(name, names.get(place, place)) for name, place in rows if name]
    found = tuple(Road(district=code, name=name) for name, code in listed if code in codes)
    listed_pack = pack.model_copy(update={"roads": found})
    vars(listed_pack).pop("gazetteer", None)  # made of the other roads
    return listed_pack


def _pack(folder: Path) -> Pack:
    try:
        return load_pack(folder)
    except PackError as error:
        raise click.ClickException(str(error)) from error
