"""The government's rules as this installation keeps them: every pack version ever approved, frozen.

The row holds the files of the pack, so a case keeps the version it was established under for ever, whatever
happens to the folder it came from. In force is the approved version whose day has come last: a change with a
date ahead takes effect by itself when it comes (KM-10-6b, TP-9-3b).
"""

import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citycall.base import clock

if TYPE_CHECKING:
    from citycall.policy import Pack

CHECK_EVERY = 1.0  # seconds for which a process trusts what it knows of versions and their days
_LOCK = 0x1999_0001  # of those who approve: one after the other


class NoPolicy(RuntimeError):
    """No policy pack is in force: the installation has not been initialised."""


class PolicyVersion(models.Model):
    """One version of a policy pack, with its files, and from when it is in force.

    A proposal is no version: it lives in the oversight room until it is approved. `active` marks the version
    put in force last; the release before this one reads it, this one only writes it.
    """

    class State(models.TextChoices):
        APPROVED = "approved", gettext_lazy("已核定")
        REVOKED = "revoked", gettext_lazy("生效前撤回")

    id = models.BigAutoField(primary_key=True)
    code = models.TextField()
    version = models.TextField()
    digest = models.TextField(unique=True)
    path = models.TextField(help_text="where it was loaded from; for people only")
    folder = models.TextField(help_text="the pack's own folder among the frozen files")
    files = models.JSONField(help_text="relative path -> text, of the pack and of what it extends")
    loaded_at = models.DateTimeField()
    active = models.BooleanField(default=False)
    effective_from = models.DateTimeField(null=True, help_text="none: kept, and never put in force")
    state = models.CharField(max_length=8, choices=State, default=State.APPROVED, db_default="approved")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="base_policyversion_one_in_force"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    @property
    def since(self) -> datetime | None:
        """From when it is in force; one that the release before this put in force, from its loading."""
        if self.state != self.State.APPROVED:
            return None
        return self.effective_from or (self.loaded_at if self.active else None)


class _Known:
    """What this process knows of versions: from when each is in force, and their packs."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.checked_at = float("-inf")
        self.terms: tuple[list[datetime], list[PolicyVersion]] = ([], [])
        self.by_id: dict[int, str] = {}
        self.packs: dict[str, Pack] = {}


_known = _Known()


_also: list[Callable[[], None]] = []


def on_refresh(forget: Callable[[], None]) -> Callable[[], None]:
    """Register another short memory of this process, to be emptied with this one."""
    _also.append(forget)
    return forget


def refresh() -> None:
    """Forget what is in force and which version has which number (another database, another pack)."""
    with _known.lock:
        _known.checked_at = float("-inf")
        _known.terms = ([], [])
        _known.by_id.clear()
    for forget in _also:
        forget()


def in_force() -> tuple[PolicyVersion, "Pack"]:
    """The version in force and its pack; asks the database at most once a second."""
    version = _active()
    if version is None:
        raise NoPolicy(_("尚未載入政策規則；請先執行 citycall init。"))
    return version, _pack(version)


def in_force_or_none() -> "Pack | None":
    version = _active()
    return _pack(version) if version is not None else None


def pack_of(version_id: int) -> "Pack":
    """The pack of any version, as it was."""
    digest = _known.by_id.get(version_id)
    pack = _known.packs.get(digest) if digest else None
    return pack if pack is not None else _pack(PolicyVersion.objects.get(pk=version_id))


# --- the versions ----------------------------------------------------------------------------------------


def versions() -> list[PolicyVersion]:
    """Every version that was in force, is, or will be, or was revoked before; the newest first."""
    rows = PolicyVersion.objects.defer("files")
    shown = [row for row in rows if row.since is not None or row.state == PolicyVersion.State.REVOKED]
    return sorted(shown, key=lambda row: (row.effective_from or row.loaded_at, row.pk), reverse=True)


def version_at(moment: datetime) -> PolicyVersion | None:
    """The version in force at an instant, past or to come (KM-0b, NT-0b); None before the first."""
    found = None
    for since, version in zip(*_terms(), strict=True):
        if since <= moment:
            found = version
    return found


def latest() -> PolicyVersion:
    """The version approved last, be its day come or not: what the next change is made on."""
    _sinces, found = _terms()
    if not found:
        raise NoPolicy(_("尚未載入政策規則；請先執行 citycall init。"))
    return found[-1]


def lock() -> None:
    """Until its end this transaction alone puts versions in force; what is remembered is read anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    _known.checked_at = float("-inf")


def install(path: Path | str, *, activate: bool = True) -> PolicyVersion:
    """Check a pack, freeze its files, and put it in force. The same content again is the same version."""
    from citycall.policy import load_pack

    folder = Path(path).resolve()
    pack = load_pack(folder)
    return keep(_frozen(folder), folder.name, str(folder), pack, clock.now() if activate else None)


def amend(changes: Mapping[str, str], *, effective_from: datetime | None = None) -> PolicyVersion:
    """Put a changed copy of the pack in force, now or from an instant: file of its own folder -> new text.

    Cases keep the version they were established under. Raises PackError when the changed pack is not sound.
    """
    base = with_files(in_force()[0])
    files = changed(base, changes)
    return keep(files, base.folder, base.path, read(files, base.folder), effective_from or clock.now())


def text_of(name: str) -> str:
    """The text of one file of the pack in force."""
    base = with_files(in_force()[0])
    return str(base.files[f"{base.folder}/{name}"])


def with_files(version: PolicyVersion) -> PolicyVersion:
    """The version read anew with its files; what is remembered leaves them out."""
    return PolicyVersion.objects.get(pk=version.pk)


def changed(base: PolicyVersion, changes: Mapping[str, str]) -> dict[str, str]:
    """The files of a version with these texts in the place of its own."""
    return {**base.files, **{f"{base.folder}/{name}": text for name, text in changes.items()}}


def read(files: Mapping[str, str], folder: str) -> "Pack":
    """The pack read from frozen files; PackError names them as they are kept: `newtaipei/items.csv`."""
    from citycall.policy.load import read_pack
    from citycall.policy.source import PackError

    with tempfile.TemporaryDirectory(prefix="citycall-policy-") as place:
        root = Path(place).resolve()
        for name, text in files.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        try:
            return read_pack(root / folder)
        except PackError as error:
            named = error.file.removeprefix(f"{root}/")
            raise PackError(named, error.line, error.key, error.message.replace(f"{root}/", "")) from None


def keep(
    files: dict[str, str], folder: str, path: str, pack: "Pack", effective_from: datetime | None
) -> PolicyVersion:
    """Keep a sound version; with `effective_from` it is approved, and in force from then."""
    with transaction.atomic():
        lock()
        version, _created = PolicyVersion.objects.get_or_create(
            digest=pack.digest,
            defaults={
                "code": pack.code,
                "version": pack.version,
                "path": path,
                "folder": folder,
                "files": files,
                "loaded_at": clock.now(),
            },
        )
        if effective_from is not None:
            _put_in_force(version, effective_from)
    _forget_now_and_at_commit()
    return version


def revoke(version: PolicyVersion) -> None:
    """Take back a version whose day has not come."""
    PolicyVersion.objects.filter(pk=version.pk).update(state=PolicyVersion.State.REVOKED)
    _forget_now_and_at_commit()


def _put_in_force(version: PolicyVersion, since: datetime) -> None:
    now = clock.now()
    standing = _standing(now)
    if since <= now:
        if standing is not None and standing.pk == version.pk:
            return
        if standing is not None and standing.since is not None and since <= standing.since:
            since = standing.since  # what was in force stays what it was
            if version.pk < standing.pk:  # of two put in force at one instant the one that came second holds
                earlier = since - timedelta(microseconds=1)
                PolicyVersion.objects.filter(pk=standing.pk).update(effective_from=earlier)
        PolicyVersion.objects.filter(active=True).update(active=False)
        version.active = True
    version.effective_from, version.state = since, PolicyVersion.State.APPROVED
    version.save(update_fields=["active", "effective_from", "state"])


def _standing(now: datetime) -> PolicyVersion | None:
    """The version in force as the database has it, whatever this process remembers."""
    rows = ((row.since, row.pk, row) for row in PolicyVersion.objects.defer("files"))
    terms = sorted((since, pk, row) for since, pk, row in rows if since is not None and since <= now)
    return terms[-1][2] if terms else None


def _forget_now_and_at_commit() -> None:
    refresh()
    if connection.in_atomic_block:
        transaction.on_commit(refresh)


def _terms() -> tuple[list[datetime], list[PolicyVersion]]:
    """Instants from which versions are in force, ascending, and the versions; read once a second."""
    moment = time.monotonic()
    if moment - _known.checked_at < CHECK_EVERY:
        return _known.terms
    with _known.lock:
        before = {version.pk: version for version in _known.terms[1]}
        found: list[tuple[datetime, int, PolicyVersion]] = []
        for row in PolicyVersion.objects.defer("files"):
            if row.since is not None:
                old = before.get(row.pk)
                same = old is not None and old.digest == row.digest and old.since == row.since
                found.append((row.since, row.pk, old if same and old is not None else row))
        found.sort(key=lambda term: term[:2])
        _known.terms = ([since for since, _pk, _row in found], [row for _since, _pk, row in found])
        _known.checked_at = moment
        return _known.terms


def _active() -> PolicyVersion | None:
    """The version whose day has come last; before the first day of all, the first."""
    sinces, found = _terms()
    if not found:
        return None
    return found[max(bisect_right(sinces, clock.now()) - 1, 0)]


def _pack(version: PolicyVersion) -> "Pack":
    pack = _known.packs.get(version.digest)
    if pack is None:
        with _known.lock:
            pack = _known.packs.get(version.digest) or _materialised(version)
            _known.packs[version.digest] = pack
    _known.by_id[version.pk] = version.digest
    return pack


def _materialised(version: PolicyVersion) -> "Pack":
    return read(version.files, version.folder).model_copy(update={"path": version.path})


def _frozen(folder: Path) -> dict[str, str]:
    """The files of a pack and of every pack that it extends (its neighbours), by `folder/name`."""
    from citycall.policy.load import FILES, folders_of

    files: dict[str, str] = {}
    for one in folders_of(folder):
        for file in (one / name for name in FILES):
            if file.is_file():
                files[f"{one.name}/{file.name}"] = file.read_bytes().decode()
    return files
