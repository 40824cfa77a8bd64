"""Attachments are judged by their content, and nothing of where a picture was taken stays in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings
from tests.base.actors import OPERATOR

from citycall.base import files
from citycall.base.commands import Refused, background, citizen
from citycall.base.files import StoredFile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path


def picture(format_: str = "JPEG", size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", size, "white")
    image.paste((200, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    image.save(out, format_, **how)
    return out.getvalue()


def keep(content: bytes, name: str = "photo.jpg") -> StoredFile:
    with background("test") as ctx:
        return files.store(ctx, SimpleUploadedFile(name, content))


def content_of(stored: StoredFile) -> bytes:
    return files.path_of(stored.sha256).read_bytes()


@pytest.mark.parametrize(
    ("content", "mime", "name"),
    [
        (picture("JPEG"), "image/jpeg", "photo.jpg"),
        (picture("PNG"), "image/png", "photo.png"),
        (picture("WEBP"), "image/webp", "photo.webp"),
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\n", "application/pdf", "photo.pdf"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64), "image/heic", "photo.heic"),
    ],
)
def test_what_is_allowed_is_kept_under_its_hash_and_true_ending(content: bytes, mime: str, name: str) -> None:
    stored = keep(content, "photo.exe")
    assert (stored.mime, stored.name, stored.size) == (mime, name, len(content))
    assert content_of(stored) == content
    assert keep(content).sha256 == stored.sha256
    assert not [p for p in Path(files.path_of(stored.sha256)).parent.iterdir() if p.name.startswith(".part-")]


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00" + bytes(200),
        b"#!/bin/sh\nrm -rf /\n",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + bytes(100),
        b"\xff\xd8\xff\xe0" + b"not really a picture" * 10,
        picture("BMP"),
        b"PK\x03\x04" + bytes(100),
        b"",
    ],
)
def test_what_is_not_allowed_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        keep(content, "photo.jpg")
    assert (refused.value.code, refused.value.status) == ("wrong_file_type", 415)
    assert not StoredFile.objects.exists()


def test_too_large_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        keep(picture() + bytes(30 * 1024 * 1024))
    assert (refused.value.code, refused.value.status) == ("too_large", 413)
    assert "20 MB" in refused.value.message


def test_a_picture_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_PIXELS", 1000)
    with pytest.raises(Refused) as refused:
        keep(picture())
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_the_place_is_taken_out_and_the_picture_stands_upright(format_: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Phone of 王小明"
    exif.get_ifd(0x8825).update({1: "N", 2: (25.0, 1.0, 2.0), 3: "E", 4: (121.0, 27.0, 5.0)})
    stored = keep(picture(format_, (40, 30), exif=exif))
    content = content_of(stored)
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (30, 40)
        assert not dict(image.getexif())
        assert not image.getexif().get_ifd(0x8825)
    assert b"Phone" not in content
    assert b"Exif" not in content


def test_of_a_telephones_multi_picture_jpeg_the_first_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Phone of 王小明"
    second = Image.new("RGB", (40, 30), "blue")
    content = picture("MPO", save_all=True, append_images=[second], exif=exif)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("MPO", 2)
    stored = keep(content, "IMG_0001.JPG")
    assert (stored.mime, stored.name) == ("image/jpeg", "IMG_0001.jpg")
    kept = content_of(stored)
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("JPEG", 1)
        assert image.convert("RGB").getpixel((5, 5))[0] > 150  # type: ignore[index]
    assert b"Phone" not in kept


def test_the_later_pictures_go_though_the_first_has_no_metadata() -> None:
    content = picture("MPO", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")])
    kept = content_of(keep(content))
    with Image.open(io.BytesIO(kept)) as image:
        assert getattr(image, "n_frames", 1) == 1
    assert b"MPF" not in kept


def test_a_format_that_pillow_calls_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_format_of", lambda image: "SOMETHING")
    with pytest.raises(Refused) as refused:
        keep(picture())
    assert refused.value.code == "wrong_file_type"


def test_an_upload_that_was_read_before_is_read_again() -> None:
    """As when its command met a deadlock and is tried once more."""
    upload = SimpleUploadedFile("photo.jpg", picture())
    with background("test") as ctx:
        first, second = files.store(ctx, upload), files.store(ctx, upload)
    assert first.sha256 == second.sha256


def test_a_damaged_picture_is_refused() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = picture("PNG", (400, 300), exif=exif)
    with pytest.raises(Refused) as refused:
        keep(content[: len(content) // 2])
    assert refused.value.code == "wrong_file_type"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\wang\\照片 1.JPEG", "照片 1.jpg"),
        ('a"b\r\nSet-Cookie: x=1.jpg', "abSet-Cookie x=1.jpg"),
        ("", "file.jpg"),
        ("...", "file.jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
        ("長" * 300 + ".jpg", "長" * 116 + ".jpg"),
    ],
)
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert files.safe_name(given, "image/jpeg") == kept


def test_handed_out_with_headers_that_let_nothing_run() -> None:
    stored = keep(picture(), "路燈 1.jpg")
    opened = files.open_file(OPERATOR, stored)
    with opened.stream as stream:
        assert stream.read() == content_of(stored)
    how = opened.headers["Content-Disposition"]
    assert how == "inline; filename=\"___1.jpg\"; filename*=UTF-8''%E8%B7%AF%E7%87%88%201.jpg"
    assert opened.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in opened.headers["Content-Security-Policy"]
    pdf = keep(b"%PDF-1.7\n" + bytes(50), "表.pdf")
    assert files.download_headers(pdf)["Content-Disposition"].startswith("attachment;")
    with pytest.raises(Refused) as refused:
        files.open_file(citizen(), stored)
    assert refused.value.code == "not_permitted"


def test_a_lost_content_says_so() -> None:
    stored = keep(picture())
    files.path_of(stored.sha256).unlink()
    with pytest.raises(Refused) as refused:
        files.open_file(OPERATOR, stored)
    assert refused.value.code == "not_found"


def test_only_ones_own_loose_files_can_be_attached() -> None:
    mine, used = keep(picture("JPEG")), keep(picture("PNG"))
    with background("test") as ctx:
        files.attach(ctx, [used.pk], "case", 1)
        files.attach(ctx, [mine.pk], "case", 2)
    mine.refresh_from_db()
    assert (mine.about_kind, mine.about_id) == ("case", 2)
    for ids in ([used.pk], [10**6]):
        with pytest.raises(Refused) as refused, background("test") as ctx:
            files.attach(ctx, ids, "case", 3)
        assert refused.value.code == "not_found"
