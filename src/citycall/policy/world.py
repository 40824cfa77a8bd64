"""The sample world that a pack ships: agencies, posts, people and citizens for rehearsals and demonstration.

Every person in it is a sample and says so; addresses are at `sample.invalid`. It is no part of the rules: a
real installation never reads it.
"""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

from pydantic import Field, ValidationError

from citycall.policy.basics import Code, Rule
from citycall.policy.load import folders_of
from citycall.policy.model import Pack
from citycall.policy.refusals import explain
from citycall.policy.source import PackError, Source
from citycall.policy.text import Text


class SampleStaff(Rule):
    """One person of the sample world."""

    username: str
    display_name: Text
    email: str
    mobile: str | None = None


class SamplePost(Rule):
    """A post, who holds it, and who stands in, in order."""

    code: Code
    agency: Code
    role: Code
    name: Text
    phone: str = ""  # of the office, such as a reply names (NT-5-2-3c)
    staff: SampleStaff
    deputies: tuple[SampleStaff, ...] = ()


class SampleAgency(Rule):
    code: Code
    name: Text
    kind: str = "agency"
    parent: Code | None = None
    posts: tuple[SamplePost, ...] = ()


class SampleCitizen(Rule):
    """One citizen of each kind that the rules name."""

    code: Code
    note: Text
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


class World(Rule):
    agencies: tuple[SampleAgency, ...]
    citizens: tuple[SampleCitizen, ...] = ()

    @property
    def posts(self) -> dict[str, SamplePost]:
        """Every post by its full code: `works.intake_window`."""
        return {post.code: post for agency in self.agencies for post in agency.posts}


class _Post(Rule):
    code: Code
    role: Code
    name: Text
    deputies: int = Field(default=0, ge=0, le=3)


class _Agency(Rule):
    code: Code
    name: Text
    kind: str = "agency"
    parent: Code | None = None
    posts: tuple[_Post, ...]


class _File(Rule):
    """What the file says; people are made from the posts."""

    domain: str = "sample.invalid"
    standard_posts: tuple[_Post, ...] = ()
    generic_posts: tuple[_Post, ...] = ()
    agencies: tuple[_Agency, ...]
    citizens: tuple[SampleCitizen, ...] = ()


def sample_world(pack: Pack) -> World:
    """The sample world of a pack, its own or that of the pack it extends; raises PackError."""
    for folder in folders_of(Path(pack.path)):
        path = folder / "sample" / "world.yaml"
        if path.is_file():
            return _read(path)
    raise PackError(Path(pack.path) / "sample" / "world.yaml", None, "", "the pack ships no sample world")


def _read(path: Path) -> World:
    source = Source()
    try:
        content = _File.model_validate(source.yaml(path, ()))
    except ValidationError as error:
        raise explain(source, error) from None
    return World(
        agencies=tuple(_agency(agency, content.domain) for agency in content.agencies),
        citizens=content.citizens,
    )


def _agency(agency: _Agency, domain: str) -> SampleAgency:
    return SampleAgency(
        code=agency.code,
        name=agency.name,
        kind=agency.kind,
        parent=agency.parent,
        posts=tuple(_post(agency, post, domain) for post in agency.posts),
    )


def _post(agency: _Agency, post: _Post, domain: str) -> SamplePost:
    def person(username: str, zh: str = "", en: str = "") -> SampleStaff:
        return SampleStaff(
            username=username,
            display_name=Text(
                zh=f"{agency.name.zh}{post.name.zh}{zh}（樣本）",
                en=f"{post.name.en}{en}, {agency.name.en} (sample)",
            ),
            email=f"{username}@{domain}",
            mobile=f"0900{crc32(username.encode()) % 1_000_000:06}",
        )

    code = f"{agency.code}.{post.code}"
    return SamplePost(
        code=code,
        agency=agency.code,
        role=post.role,
        name=post.name,
        phone=f"(02)2000-0000 轉 {crc32(code.encode()) % 9000 + 1000}",
        staff=person(code),
        deputies=tuple(
            person(f"{code}.deputy{n}", f"第{'一二三'[n - 1]}代理人", f", deputy {n}")
            for n in range(1, post.deputies + 1)
        ),
    )
