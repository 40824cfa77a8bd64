"""What people attach: kept once by content, judged by content and not by name.

An image is written anew without the place where it was taken (GPS and all other EXIF go; the orientation is
put into the picture itself). A HEIC picture, which we cannot read, is kept as it came but for that reason
never shown outside.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import puremagic
from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from citycall.base.commands import Actor, Context, Refused, not_found, not_permitted

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 100_000_000
LONGEST_NAME = 120
PDF, HEIC = "application/pdf", "image/heic"
ODT = "application/vnd.oasis.opendocument.text"  # made here, never taken in
# What Pillow may read -> kind of file and ending. Other formats that Pillow knows are not tried.
IMAGES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}
# A JPEG of several pictures, as many telephones make them (another one for depth or brightness); the first
# is what its owner took.
MULTI_PICTURE = "MPO"
ENDINGS = dict(IMAGES.values()) | {PDF: ".pdf", HEIC: ".heic", ODT: ".odt"}
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


class StoredFile(models.Model):
    """One attached file. Its content lies in `settings.MEDIA_ROOT` under its hash."""

    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=LONGEST_NAME)
    mime = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    uploaded_by = models.BigIntegerField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "base"
        db_table = "base_stored_file"
        indexes = (models.Index(fields=["about_kind", "about_id"], name="base_file_about"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Whether a browser can show it in place."""
        return self.mime in {mime for mime, _ending in IMAGES.values()}


@dataclass(frozen=True)
class OpenedFile:
    """A file to be handed out, with the headers that make it safe to."""

    stream: IO[bytes]
    mime: str
    size: int
    headers: dict[str, str]


def store(ctx: Context, upload: Any, *, about_kind: str = "", about_id: int | None = None) -> StoredFile:
    """Keep an upload (anything with `name` and `read`); refused when too large or of no allowed type."""
    content = _read(upload)
    mime = kind_of(content)
    if mime is None:
        raise Refused("wrong_file_type", _("只接受 JPEG、PNG、WebP、HEIC 圖片與 PDF 檔。"), status=415)
    if mime not in (PDF, HEIC):
        content = _clean_image(content)
    name = str(getattr(upload, "name", "") or "")
    return keep_made(ctx, content, name, mime, about_kind=about_kind, about_id=about_id)


def keep_made(
    ctx: Context, content: bytes, name: str, mime: str, *, about_kind: str = "", about_id: int | None = None
) -> StoredFile:
    """Keep what was made here, such as a letter; what comes from outside goes through `store`."""
    digest = hashlib.sha256(content).hexdigest()
    _write(path_of(digest), content)
    return StoredFile.objects.create(
        sha256=digest,
        name=safe_name(name, mime),
        mime=mime,
        size=len(content),
        created_at=ctx.now,
        about_kind=about_kind,
        about_id=about_id,
        uploaded_by=ctx.actor.staff_id,
    )


def attach(ctx: Context, ids: Sequence[int], about_kind: str, about_id: int) -> list[StoredFile]:
    """Say what these files, uploaded by the same person and not yet about anything, are about."""
    files = list(
        StoredFile.objects.select_for_update().filter(
            pk__in=ids, about_kind="", uploaded_by=ctx.actor.staff_id, erased_at=None
        )
    )
    if len(files) != len(set(ids)):
        raise not_found(_("查無附件，請重新上傳。"))
    for file in files:
        file.about_kind, file.about_id = about_kind, about_id
    StoredFile.objects.bulk_update(files, ["about_kind", "about_id"])
    return files


def open_file(actor: Actor, file: StoredFile) -> OpenedFile:
    """Open a file for staff; whether they may see what it is about, the view has asked its room."""
    if actor.kind == "citizen":
        raise not_permitted()
    if file.erased_at is not None:
        raise not_found()
    try:
        stream = path_of(file.sha256).open("rb")
    except FileNotFoundError:
        raise not_found(_("附件內容遺失。")) from None
    return OpenedFile(stream, file.mime, file.size, download_headers(file))


def download_headers(file: StoredFile) -> dict[str, str]:
    """Headers with the name in RFC 6266 form; nothing in a file may run as part of our pages."""
    how = "inline" if file.is_image else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", file.name)
    return {
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }


def path_of(sha256: str) -> Path:
    """Where content with this hash lies."""
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256[2:4] / sha256


def kind_of(content: bytes) -> str | None:
    """What a file is by its content, if it is one of those allowed."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return HEIC if _puremagic_says(content, HEIC) else None
    try:
        with Image.open(io.BytesIO(content), formats=list(IMAGES)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_large()
            image.verify()
            found = IMAGES.get(_format_of(image))
            return found[0] if found else None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def safe_name(name: str, mime: str) -> str:
    """The name without folders, control or reserved characters, and with the ending that its content has."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    text = "".join(c for c in text if c.isprintable() and c not in '<>:"|?*%').strip(" .")
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", text).strip(" .") or "file"
    ending = ENDINGS[mime]
    return stem[: LONGEST_NAME - len(ending)] + ending


def _puremagic_says(content: bytes, mime: str) -> bool:
    try:
        return any(
            found.mime_type in (mime, "image/heif") for found in puremagic.magic_string(content[:4096])
        )
    except (puremagic.PureError, ValueError):
        return False


def _format_of(image: Image.Image) -> str:
    return "JPEG" if image.format == MULTI_PICTURE else str(image.format)


def _read(upload: Any) -> bytes:
    if hasattr(upload, "seek"):
        upload.seek(0)  # a command that is tried again has read it before
    size = getattr(upload, "size", None)
    if isinstance(size, int) and size > MOST_BYTES:
        raise _too_large()
    content = bytes(upload.read(MOST_BYTES + 1))
    if len(content) > MOST_BYTES:
        raise _too_large()
    if not content:
        raise Refused("wrong_file_type", _("檔案是空的。"), status=415)
    return content


def _too_large() -> Refused:
    return Refused(
        "too_large", _("檔案太大，最大 %(n)s MB。") % {"n": MOST_BYTES // 1024 // 1024}, status=413
    )


def _clean_image(content: bytes) -> bytes:
    """The first picture, upright and without its metadata. One that has none is kept byte by byte."""
    with Image.open(io.BytesIO(content), formats=list(IMAGES)) as image:
        bare = not {"exif", "xmp", "XML:com.adobe.xmp", "comment"} & image.info.keys()
        if image.format != MULTI_PICTURE and bare and not image.getexif():
            return content
        format_ = _format_of(image)
        try:
            image.seek(0)
            upright = ImageOps.exif_transpose(image)
            plain = Image.frombytes(upright.mode, upright.size, upright.tobytes())
            if upright.mode == "P" and (palette := upright.getpalette()) is not None:
                plain.putpalette(palette)
        except (OSError, ValueError, SyntaxError) as error:
            raise Refused("wrong_file_type", _("圖片已損壞，無法讀取。"), status=415) from error
        kept: dict[str, Any] = {
            key: image.info[key] for key in ("icc_profile", "transparency") if key in image.info
        }
        if format_ != "PNG":
            kept["quality"] = 90
        out = io.BytesIO()
        plain.save(out, format_, **kept)
        return out.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write under the final name only what is complete. The same content is there already: nothing to do."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            os.replace(part.name, path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
