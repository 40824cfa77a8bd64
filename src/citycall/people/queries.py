"""What can be asked of the people room."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef

from citycall.base import clock, policies, private, reading
from citycall.base.commands import Actor, ActorPost
from citycall.base.commands.door import effective_who
from citycall.people.models import Agency, ApiToken, Holding, IdentityCheck, Party, PartyView, Post, Staff
from citycall.people.presence import posts_of, standing_at
from citycall.people.roles import FILLED_BY_THE_AGENCY, role_name

TOKEN_CACHE_SECONDS = 5.0
NAMES_CACHE_SECONDS = 1.0
_STAFF_NAMES = f"SELECT id, display_name FROM {Staff._meta.db_table} WHERE id = ANY(%s)"  # nosec B608


# --- who acts -----------------------------------------------------------------------------------


def actor_of(staff: Staff, via: str = "web", ip: str | None = None) -> Actor:
    """As what this person may act now: posts held, and deputised while the holder is away. One query."""
    posts = tuple(ActorPost(p.code, p.role, p.agency_id) for p in posts_of(staff.pk, clock.now()))
    return Actor(kind="staff", staff_id=staff.pk, name=staff.display_name, posts=posts, via=via, ip=ip)


def actor_for_post(code: str, via: str = "rehearsal", ip: str | None = None) -> Actor:
    """Whoever stands at this post now, acting with all they may. LookupError when there is no such post."""
    staff = recipient_of_post(code, clock.now())
    if staff is not None:
        return actor_of(staff, via, ip)
    post = Post.objects.filter(pk=code).first()
    if post is None:
        raise LookupError(f"there is no post {code}")
    raise LookupError(f"nobody stands at {code}")


@dataclass(frozen=True)
class _CachedToken:
    until: float
    actor: Actor | None


_tokens: dict[str, _CachedToken] = {}


def actor_of_token(raw: str, ip: str | None = None) -> Actor | None:
    """The actor of an API token, or None. One query, remembered in this process for five seconds."""
    digest = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()
    known = _tokens.get(digest)
    if known is None or known.until < time.monotonic():
        if len(_tokens) > 1000:
            _tokens.clear()
        known = _CachedToken(time.monotonic() + TOKEN_CACHE_SECONDS, _read_token(digest))
        _tokens[digest] = known
    actor = known.actor
    if actor is None or ip is None:
        return actor
    return Actor(actor.kind, actor.staff_id, actor.name, actor.posts, actor.via, ip)


def forget_tokens() -> None:
    """Empty this process's memory of tokens (after one was revoked here; tests)."""
    _tokens.clear()


def _read_token(digest: str) -> Actor | None:
    token = (
        ApiToken.objects.filter(hash=digest, active=True, post__active=True, post__agency__active=True)
        .select_related("post")
        .first()
    )
    if token is None:
        return None
    post = ActorPost(token.post.code, token.post.role, token.post.agency_id)
    via = f"api:{token.prefix}"  # which token it was stands in the record, and parts the keys of two programs
    return Actor(kind="staff", staff_id=None, name=token.name, posts=(post,), via=via, ip=None)


def may_fill(actor: Actor, agency: str, role: str) -> bool:
    """Whether this actor may say who holds a post of this role in this agency, or who stands in for them."""
    if actor.kind == "system" or actor.has("admin"):
        return True
    who = effective_who("people.assign_post")
    appoints = any(post.agency == agency and post.role in who for post in actor.posts)
    return appoints and role in FILLED_BY_THE_AGENCY


def may_deputise(actor: Actor, agency: str, role: str, code: str) -> bool:
    """Whether this actor may say who stands in for a post: as they may fill it, and for one they stand at."""
    if may_fill(actor, agency, role):
        return True
    who = effective_who("people.set_deputies")
    return any(post.code == code and post.role in who for post in actor.posts)


# --- posts and agencies -------------------------------------------------------------------------


def recipient_of_post(code: str, at: datetime | None = None) -> Staff | None:
    """The holder; on leave the first deputy present; or nobody."""
    return standing_at([code], at or clock.now()).get(code)


def post_of(code: str) -> Post | None:
    """The active post of this code."""
    return Post.objects.filter(pk=code, active=True).first()


def posts_of_staff(staff: int, agency: str) -> list[str]:
    """The active posts of an agency that a person holds."""
    held = Holding.objects.filter(staff=staff, until=None, post__active=True, post__agency=agency)
    return list(held.order_by("post").values_list("post", flat=True))


def posts_of_others(posts: Collection[str], staff: Collection[int]) -> list[str]:
    """Those of these posts at which none of these people stands now, filled or not. Two queries at most."""
    if not posts or not staff:
        return list(posts)
    here = standing_at(posts, clock.now())
    return [code for code in posts if code not in here or here[code].pk not in staff]


def posts_in_roles(agency: str, roles: Collection[str]) -> list[str]:
    """The posts of these roles that somebody holds: dunning falls back to these (NT-5-4-6a)."""
    held = Holding.objects.filter(post=OuterRef("pk"), until=None, staff__is_active=True)
    return list(
        Post.objects.filter(Exists(held), agency=agency, role__in=roles, active=True)
        .order_by("code")
        .values_list("code", flat=True)
    )


def posts_of_role(role: str) -> list[str]:
    """The posts of a role, in whatever agency it sits, filled or not: the mayor's, for one (NT-7-3a)."""
    found = Post.objects.filter(role=role, active=True, agency__active=True).order_by("code")
    return list(found.values_list("code", flat=True))


@dataclass(frozen=True)
class RoleDefect:
    """An agency that does not fill what it must."""

    agency: str
    agency_name: str
    missing: tuple[str, ...]


def roles_to_fill() -> dict[str, int]:
    """The roles that an agency with fast items must fill, and with how many people (NT-5-4-6a, NT-5-4-4a)."""
    pack = policies.in_force_or_none()
    staffing = pack.setting("window-staffing") if pack is not None else None
    return dict((staffing or {}).get("roles") or {})


def role_defects(fast_agencies: Collection[str]) -> list[RoleDefect]:
    """Agencies with fast items that lack people in the roles of the pack's `window-staffing`. Two queries.

    `fast_agencies`: the agencies of the fast items of the pack in force. Where the pack is silent, none.
    """
    wanted = roles_to_fill()
    filled: dict[tuple[str, str], set[int]] = defaultdict(set)
    held = Holding.objects.filter(
        until=None,
        staff__is_active=True,
        post__active=True,
        post__agency__in=fast_agencies,
        post__role__in=wanted,
    )
    for agency, role, staff in held.values_list("post__agency_id", "post__role", "staff"):
        filled[agency, role].add(staff)
    names = agency_names()
    defects = []
    for agency in sorted(set(fast_agencies)):
        missing = tuple(role for role, people in wanted.items() if len(filled[agency, role]) < people)
        if missing:
            defects.append(RoleDefect(agency, names.get(agency, (agency, agency))[0], missing))
    return defects


@dataclass
class _AgencyNames:
    """What this process knows of the agencies' names, and until when it trusts that."""

    until: float = 0.0
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


_agency_names = _AgencyNames()


def agency_names() -> dict[str, tuple[str, str]]:
    """Each agency's name in Chinese and English; asks the database at most once a second."""
    if time.monotonic() >= _agency_names.until:
        rows = Agency.objects.values_list("code", "name_zh", "name_en")
        _agency_names.names = {code: (zh, en or zh) for code, zh, en in rows}
        _agency_names.until = time.monotonic() + NAMES_CACHE_SECONDS
    return _agency_names.names


@policies.on_refresh
def forget_agency_names() -> None:
    """Read them anew: another database, or an agency was just added."""
    _agency_names.until = 0.0
    _role_posts.until = 0.0


@dataclass
class _RolePosts:
    """What this process knows of which posts bear a role, and until when it trusts that."""

    until: float = 0.0
    posts: dict[tuple[str, str], list[str]] = field(default_factory=dict)


_role_posts = _RolePosts()


def posts_bearing(agency: str, role: str) -> list[str]:
    """The posts of a role in an agency, filled or not; asks the database at most once a second."""
    if time.monotonic() >= _role_posts.until:
        found: dict[tuple[str, str], list[str]] = {}
        rows = Post.objects.filter(active=True).order_by("code").values_list("agency_id", "role", "code")
        for of, bears, code in rows:
            found.setdefault((of, bears), []).append(code)
        _role_posts.posts, _role_posts.until = found, time.monotonic() + NAMES_CACHE_SECONDS
    return _role_posts.posts.get((agency, role), [])


def agencies() -> list[Agency]:
    """Active agencies, in the order of their codes."""
    return list(Agency.objects.filter(active=True).order_by("code"))


def agencies_with(roles: Collection[str]) -> list[Agency]:
    """Active agencies with a post of one of these roles, the call centre left out; in the order of codes."""
    posts = Post.objects.filter(agency=OuterRef("pk"), role__in=roles, active=True)
    found = Agency.objects.filter(Exists(posts), active=True).exclude(kind="call_centre")
    return list(found.order_by("code"))


def subordinates(agency: str) -> list[Agency]:
    """The active agencies and units directly under an agency, in the order of their codes."""
    return list(Agency.objects.filter(parent=agency, active=True).order_by("code"))


@dataclass(frozen=True)
class PostLine:
    """One post of an agency as its own list shows it."""

    code: str
    role: str
    name_zh: str
    name_en: str
    holder: Staff | None
    holder_away: bool
    deputies: tuple[Staff, ...]
    standing: Staff | None


def posts_of_agency(agency: str) -> list[PostLine]:
    """The posts of an agency with holder, deputies and who stands there now. At most six queries."""
    now = clock.now()
    posts = list(
        Post.objects.filter(agency=agency, active=True).order_by("code").prefetch_related("deputies__staff")
    )
    held = Holding.objects.filter(post__in=posts, until=None).select_related("staff")
    holders = {h.post_id: h.staff for h in held}
    standing = standing_at([p.code for p in posts], now)
    lines = []
    for post in posts:
        holder = holders.get(post.code)
        here = standing.get(post.code)
        deputies = tuple(d.staff for d in sorted(post.deputies.all(), key=lambda d: d.rank))
        lines.append(
            PostLine(
                code=post.code,
                role=post.role,
                name_zh=post.name_zh,
                name_en=post.name_en,
                holder=holder,
                holder_away=holder is not None and here != holder,
                deputies=deputies,
                standing=here,
            )
        )
    return lines


def staff_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Display names by id, in one query."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return dict(reading.values(_STAFF_NAMES, list(wanted)))


@dataclass(frozen=True)
class IntakeNumber:
    """Whom to ring at an agency when nothing can be sent (NT-5-4-3a), or besides (KM-7-1b)."""

    agency: tuple[str, str]
    post: str
    role: str
    name: str
    mobile: str

    @property
    def role_name(self) -> str:
        """Which window it is: an agency may have one for calls and one for cases."""
        return role_name(self.role)


def intake_numbers(
    agency: str | None = None, roles: Collection[str] = ("intake_window",)
) -> list[IntakeNumber]:
    """Who stands at each agency's intake window now, and their number. One query and those of standing.

    Of one agency alone, and of other roles, when they are named.
    """
    wanted = Post.objects.filter(role__in=roles, active=True, agency__active=True)
    if agency is not None:
        wanted = wanted.filter(agency=agency)
    posts = list(wanted.select_related("agency").order_by("agency_id", "code"))
    standing = standing_at([post.code for post in posts], clock.now())
    lines = []
    for post in posts:
        staff = standing.get(post.code)
        lines.append(
            IntakeNumber(
                agency=(post.agency.name_zh, post.agency.name_en or post.agency.name_zh),
                post=post.code,
                role=post.role,
                name=staff.display_name if staff else "",
                mobile=private.format_phone(staff.mobile) if staff and staff.mobile else "",
            )
        )
    return lines


# --- citizens -----------------------------------------------------------------------------------


def parties(ids: Iterable[int | None]) -> dict[int, Party]:
    """Parties by id, in one query; show their masks only."""
    wanted = {i for i in ids if i is not None}
    return reading.of_keys(Party, wanted)


def left_address(party: int | None) -> bool:
    """Whether a citizen left an address to write to; it is not opened for it."""
    found = Party.objects.filter(pk=party).values_list("address", flat=True).first() if party else None
    return bool(found)


def parties_by_phone(number: str, limit: int = 200) -> list[int]:
    """Ids of parties with this number, newest first. An impossible number has none."""
    try:
        wanted = private.phone_hash(number)
    except ValueError:
        return []
    found = Party.objects.filter(phone_hash=wanted).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:limit])


def parties_of_same_person(party: int, limit: int = 200) -> list[int]:
    """Ids of the parties with the telephone number of this one, itself among them."""
    found = Party.objects.filter(pk=party).values_list("phone_hash", flat=True).first()
    if not found:
        return [party]
    return list(Party.objects.filter(phone_hash=found).order_by("-pk").values_list("pk", flat=True)[:limit])


def party_views(party: int | None = None, since: datetime | None = None, limit: int = 200) -> list[PartyView]:
    """Who looked at citizens' data, newest first: for the auditor."""
    found = PartyView.objects.order_by("-pk")
    if party is not None:
        found = found.filter(party=party)
    if since is not None:
        found = found.filter(at__gte=since)
    return list(found[:limit])


def identity_check(check: int | None) -> IdentityCheck | None:
    """One call back that asked who reports."""
    return None if check is None else IdentityCheck.objects.filter(pk=check).first()
