"""The beginning of a real installation: its rules, its keys, one administrator, and no sample of anything."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from citycall.base import clock, events, policies, private
from citycall.base.commands import background
from citycall.people.models import Agency, Government, Holding, Post, Staff
from citycall.people.passwords import check_new_password
from citycall.policy import Pack, load_pack

ADMIN_AGENCY = "administration"
ADMIN_POST = "administration.admin"


class NotFounded(Exception):
    """The installation cannot begin like this; the message says why and what to do."""


def pack_folder(pack: str) -> Path:
    """The folder of a pack that was named by its path, or by its code among our policies."""
    for folder in (Path(pack), Path(getattr(settings, "CITYCALL_POLICIES", "policies")) / pack):
        if (folder / "pack.yaml").is_file():
            return folder.resolve()
    raise NotFounded(f"There is no policy pack {pack}.")


def check_can_begin() -> None:
    """Refuse where there is a government already, or the keys of a sample."""
    government = Government.objects.first()
    if government is not None:
        raise NotFounded(
            f"This database already has a government ({government}). A real one begins in an empty database."
        )
    keys = Path(str(settings.CITYCALL_KEYS))
    if keys.exists() and private.is_sample():
        raise NotFounded(f"{keys} holds the keys of a sample. Use another data directory (CITYCALL_DATA).")


def may_begin_with(rules: Pack) -> bool:
    """Whether an installation may take these rules today: they apply, or are left as a template (TP-0b)."""
    return rules.applies_on(clock.today()) or rules.reading("repealed", "use", "template") == "template"


def found(folder: Path, username: str, display_name: str, password: str, email: str = "") -> Government:
    """Put the pack in force, make the keys and the administrator."""
    check_can_begin()
    rules = load_pack(folder)
    if not may_begin_with(rules):
        raise NotFounded(f"{rules.title or rules.name} applies no longer since {rules.ends}.")
    admin = Staff(username=username, display_name=display_name, email=email)
    check_new_password(password, admin)
    keys = Path(str(settings.CITYCALL_KEYS))
    if not keys.exists():
        private.create_key_file(keys, sample=False)
    with transaction.atomic(), background("people.found", via="cli") as ctx:
        policies.install(folder)
        government = Government.objects.create(pack=rules.code, sample=False, founded_at=ctx.now)
        agency = Agency.objects.create(
            code=ADMIN_AGENCY, name_zh="系統管理", name_en="Administration", kind="administration"
        )
        post = Post.objects.create(
            code=ADMIN_POST, agency=agency, role="admin", name_zh="系統管理者", name_en="Administrator"
        )
        admin.set_password(password)
        admin.save()
        events.record(
            ctx,
            Holding(post=post, staff=admin, since=ctx.now),
            "people.post_changed",
            {"post": post, "staff": admin, "since": ctx.now, "until": None},
            {"post": post.code, "role": post.role, "agency": agency.code, "before": None},
            [agency.code],
        )
        ctx.audit("government", rules.code)
    return government
