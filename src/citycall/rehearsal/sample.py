"""The sample government of a pack: laid in at the first start of `citycall run`, and for rehearsals."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Q

from citycall.base import events, policies
from citycall.base.commands import Context, background
from citycall.people.models import Agency, Deputy, Government, Holding, Post, Staff
from citycall.people.sample_guard import SAMPLE_PASSWORD
from citycall.policy import Pack, load_pack, sample_world
from citycall.policy.world import SamplePost, SampleStaff, World
from citycall.rehearsal import sample_cases

# Whom a visitor would want to be, shown when the program starts.
SHOWN = (
    "call_centre.operator1",
    "call_centre.lead",
    "works.intake_window",
    "works.handler1",
    "works.section_chief",
    "works.supervisor",
    "works.evaluator",
    "works.head",
    "research.evaluator",
    "research.director",
    "call_centre.admin",
)
# And of each agency that steers or leads: who proposes a change of the rules, and who approves it.
LEADING = ("evaluator", "director", "head", "secretary_general")


class NoPack(LookupError):
    """There is no such policy pack."""


def pack_folder(pack: str | Path) -> Path:
    """The folder of a pack that was named by its code or its path."""
    given = Path(pack)
    named = Path(getattr(settings, "CITYCALL_POLICIES", "policies")) / str(pack)
    for folder in (given, named):
        if (folder / "pack.yaml").is_file():
            return folder.resolve()
    raise NoPack(f"no policy pack {pack!s}: neither {given} nor {named} has a pack.yaml")


def load_sample(pack: str | Path = "newtaipei", *, cases: bool = True) -> None:
    """Lay the sample world of a pack into an empty database, with a few cases so that no screen is empty."""
    folder = pack_folder(pack)
    rules = load_pack(folder)
    world = sample_world(rules)
    with background("sample.load", via="cli") as ctx:
        policies.install(folder)
        Government.objects.create(pack=rules.code, sample=True, founded_at=ctx.now)
        _people(ctx, rules, world)
    if cases:
        sample_cases.establish(folder, world, rules)


def _people(ctx: Context, rules: Pack, world: World) -> None:
    """Agencies, posts, and a person for each post and each of its deputies; in bulk, for it is many rows."""
    agencies = [
        Agency(code=a.code, name_zh=a.name.zh, name_en=a.name.en, kind=a.kind, parent_id=a.parent)
        for a in world.agencies
    ]
    Agency.objects.bulk_create(sorted(agencies, key=lambda agency: agency.parent_id is not None))
    posts = list(world.posts.values())
    Post.objects.bulk_create(
        Post(
            code=p.code,
            agency_id=p.agency,
            role=p.role,
            name_zh=p.name.zh,
            name_en=p.name.en,
            phone=p.phone,
        )
        for p in posts
    )
    password = make_password(SAMPLE_PASSWORD)  # slow on purpose, and the same for all
    people = Staff.objects.bulk_create(
        _staff(person, password) for post in posts for person in (post.staff, *post.deputies)
    )
    by_name = {person.username: person for person in people}
    for post in posts:
        events.record(
            ctx,
            Holding(),
            "people.post_taken",
            {
                "post_id": post.code,
                "staff_id": by_name[post.staff.username].pk,
                "since": ctx.now,
                "until": None,
            },
            {"post": post.code, "role": post.role, "agency": post.agency, "before": None},
        )
    Deputy.objects.bulk_create(_deputies(posts, by_name))
    ctx.audit("government", rules.code, agencies=len(agencies), posts=len(posts), staff=len(people))


def _staff(person: SampleStaff, password: str) -> Staff:
    return Staff(
        username=person.username,
        display_name=person.display_name.zh,
        email=person.email,
        mobile=person.mobile,
        password=password,
    )


def _deputies(posts: list[SamplePost], by_name: dict[str, Staff]) -> list[Deputy]:
    return [
        Deputy(post_id=post.code, rank=rank, staff=by_name[person.username])
        for post in posts
        for rank, person in enumerate(post.deputies, 1)
    ]


def accounts() -> list[dict[str, str]]:
    """The sample accounts worth showing at the start: who, user name, password.

    Those of `SHOWN` that there are, and who steers and leads this government.
    """
    steering = Q(post__agency__kind__in=("steering", "leadership"), post__role__in=LEADING)
    wanted = Q(post__in=SHOWN) | steering
    found = Holding.objects.filter(wanted, until=None).select_related("staff", "post__agency")
    held = {holding.post_id: holding for holding in found.order_by("post__agency", "post")}
    shown = [code for code in SHOWN if code in held]
    return [
        {
            "username": held[code].staff.username,
            "password": SAMPLE_PASSWORD,
            "post": f"{held[code].post.agency.name_zh}{held[code].post.name_zh}",
        }
        for code in [*shown, *(code for code in held if code not in shown)]
    ]


__all__ = ["NoPack", "accounts", "load_sample", "pack_folder"]
