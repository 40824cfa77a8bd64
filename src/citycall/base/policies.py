"""The government's rules as this installation keeps them: every pack version ever in force, frozen.

The row holds the files of the pack, so a case keeps the version it was established under for ever, whatever
happens to the folder it came from.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from citycall.base import clock

if TYPE_CHECKING:
    from citycall.policy import Pack

CHECK_EVERY = 1.0  # seconds for which a process trusts what it knows to be in force


class NoPolicy(RuntimeError):
    """No policy pack is in force: the installation has not been initialised."""


class PolicyVersion(models.Model):
    """One version of a policy pack, with its files, and whether it is the one in force."""

    id = models.BigAutoField(primary_key=True)
    code = models.TextField()
    version = models.TextField()
    digest = models.TextField(unique=True)
    path = models.TextField(help_text="where it was loaded from; for people only")
    folder = models.TextField(help_text="the pack's own folder among the frozen files")
    files = models.JSONField(help_text="relative path -> text, of the pack and of what it extends")
    loaded_at = models.DateTimeField()
    active = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="base_policyversion_one_in_force"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class _Known:
    """What this process knows; rows never change but for `active`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.checked_at = float("-inf")
        self.active: PolicyVersion | None = None
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
        _known.active = None
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


def install(path: Path | str, *, activate: bool = True) -> PolicyVersion:
    """Check a pack, freeze its files, and put it in force. The same content again is the same version."""
    from citycall.policy import load_pack

    folder = Path(path).resolve()
    pack = load_pack(folder)
    files = _frozen(folder)
    return _keep(files, folder.name, str(folder), pack, activate)


def amend(changes: Mapping[str, str]) -> PolicyVersion:
    """Put a changed copy of the pack in force: file of the pack's own folder -> its new text.

    Cases keep the version they were established under. Raises PackError when the changed pack is not sound.
    """
    version, _pack_now = in_force()
    old = PolicyVersion.objects.get(pk=version.pk)
    files = {**old.files, **{f"{old.folder}/{name}": text for name, text in changes.items()}}
    return _keep(files, old.folder, old.path, _read(files, old.folder), activate=True)


def text_of(name: str) -> str:
    """The text of one file of the pack in force."""
    version, _pack_now = in_force()
    old = PolicyVersion.objects.get(pk=version.pk)
    return str(old.files[f"{old.folder}/{name}"])


def _keep(files: dict[str, str], folder: str, path: str, pack: "Pack", activate: bool) -> PolicyVersion:
    with transaction.atomic():
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
        if activate and not version.active:
            PolicyVersion.objects.filter(active=True).update(active=False)
            PolicyVersion.objects.filter(pk=version.pk).update(active=True)
            version.active = True
    refresh()
    if connection.in_atomic_block:
        transaction.on_commit(refresh)
    return version


def _active() -> PolicyVersion | None:
    moment = time.monotonic()
    if moment - _known.checked_at < CHECK_EVERY:
        return _known.active
    with _known.lock:
        known = _known.active
        active = PolicyVersion.objects.filter(active=True).defer("files").first()
        if active is None or known is None or (active.pk, active.digest) != (known.pk, known.digest):
            _known.active = active
        _known.checked_at = moment
        return _known.active


def _pack(version: PolicyVersion) -> "Pack":
    pack = _known.packs.get(version.digest)
    if pack is None:
        with _known.lock:
            pack = _known.packs.get(version.digest) or _materialised(version)
            _known.packs[version.digest] = pack
    _known.by_id[version.pk] = version.digest
    return pack


def _materialised(version: PolicyVersion) -> "Pack":
    return _read(version.files, version.folder).model_copy(update={"path": version.path})


def _read(files: Mapping[str, str], folder: str) -> "Pack":
    """The pack read from frozen files, laid out in a folder that is gone afterwards."""
    from citycall.policy import load_pack

    with tempfile.TemporaryDirectory(prefix="citycall-policy-") as place:
        for name, text in files.items():
            target = Path(place) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        return load_pack(Path(place) / folder)


def _frozen(folder: Path) -> dict[str, str]:
    """The files of a pack and of every pack that it extends (its neighbours), by `folder/name`."""
    from citycall.policy.load import FILES, folders_of

    files: dict[str, str] = {}
    for one in folders_of(folder):
        for file in (one / name for name in FILES):
            if file.is_file():
                files[f"{one.name}/{file.name}"] = file.read_bytes().decode()
    return files
