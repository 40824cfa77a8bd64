"""Encryption by field, numbers and masks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from citycall.base import private
from citycall.base.private import (
    format_phone,
    is_mobile,
    mask_address,
    mask_email,
    mask_name,
    mask_phone,
    normalise_phone,
    phone_hash,
)


@given(st.text())
def test_what_is_sealed_opens_again_and_never_looks_the_same(text: str) -> None:
    sealed = private.encrypt(text, "t.c")
    assert private.decrypt(sealed, "t.c") == text
    assert private.encrypt(text, "t.c") != sealed


@given(st.text(min_size=1), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_an_altered_value_does_not_open(text: str, place: int, change: int) -> None:
    sealed = bytearray(private.encrypt(text, "t.c"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(private.Unreadable):
        private.decrypt(bytes(sealed), "t.c")


def test_a_value_moved_to_another_column_does_not_open() -> None:
    with pytest.raises(private.Unreadable):
        private.decrypt(private.encrypt("王小明", "people_party.name"), "people_party.address")


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x02" * 40, "王小明".encode()])
def test_what_was_never_sealed_does_not_open(stored: bytes) -> None:
    with pytest.raises(private.Unreadable):
        private.decrypt(stored, "t.c")


def test_an_encrypted_field_cannot_be_searched() -> None:
    from citycall.people.models import Party

    with pytest.raises(FieldError, match="encrypted"):
        Party.objects.filter(name="王小明")


# --- keys ---------------------------------------------------------------------------------------


@pytest.fixture
def key_file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "k" / "keys.json"
    private.create_key_file(path, sample=False)
    settings.CITYCALL_KEYS = path
    return path


def test_a_changed_key_leaves_old_values_readable(key_file: Path) -> None:
    old = private.encrypt("王小明", "t.c")
    assert private.key_version(old) == 1
    assert private.add_key(key_file) == 2
    private._keys_at.cache_clear()
    new = private.encrypt("王小明", "t.c")
    assert private.key_version(new) == 2
    assert private.decrypt(old, "t.c") == private.decrypt(new, "t.c") == "王小明"
    content = json.loads(key_file.read_text())
    del content["keys"]["1"]
    key_file.write_text(json.dumps(content))
    private._keys_at.cache_clear()
    with pytest.raises(private.Unreadable, match="key version 1"):
        private.decrypt(old, "t.c")


def test_keys_are_made_once_and_for_their_owner_alone(key_file: Path) -> None:
    before = key_file.read_text()
    with pytest.raises(FileExistsError):
        private.create_key_file(key_file, sample=True)
    assert key_file.read_text() == before
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in key_file.parent.iterdir()] == ["keys.json"]
    assert private.is_sample() is False


@pytest.mark.parametrize(
    "content", ["", "{}", '{"sample": false, "current": "2", "keys": {}, "hash_key": ""}', "[1]"]
)
def test_a_damaged_key_file_says_so(key_file: Path, content: str) -> None:
    key_file.write_text(content)
    private._keys_at.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="backup"):
        private.keys()


def test_a_missing_key_file_says_so(tmp_path: Path, settings: Settings) -> None:
    settings.CITYCALL_KEYS = tmp_path / "none.json"
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        private.keys()


def test_keys_are_not_printed(key_file: Path) -> None:
    assert "AESGCM" not in repr(private.keys())
    assert repr(private.keys().hash_key) not in repr(private.keys())


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0912345678", "0912345678"),
        ("0912-345-678", "0912345678"),
        ("+886 912 345 678", "0912345678"),
        ("+886-0912-345-678", "0912345678"),
        ("００８８６９１２３４５６７８", "0912345678"),
        ("(02)2960-3456", "0229603456"),
        ("02-29603456#4321", "0229603456#4321"),
        ("02-29603456 分機 12", "0229603456#12"),
        ("02-29603456轉12", "0229603456#12"),
        ("037-322150", "037322150"),
        ("1999", "1999"),
        ("110", "110"),
        ("0800-211-459", "0800211459"),
        ("+81 3-1234-5678", "+81312345678"),
    ],
)
def test_numbers_are_brought_to_one_form(written: str, number: str) -> None:
    assert normalise_phone(written) == number


@pytest.mark.parametrize(
    "written", ["", "12", "王小明", "29603456", "0912345678901234", "0912<script>", "#12", "٠٩١٢٣٤٥٦٧٨"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no telephone number"):
        normalise_phone(written)


@pytest.mark.parametrize(
    ("number", "shown", "masked"),
    [
        ("0912345678", "0912-345-678", "09xx-xxx-678"),
        ("0229603456", "02-2960-3456", "02-xxxx-x456"),
        ("0229603456#12", "02-2960-3456#12", "02-xxxx-x456"),
        ("037322150", "037-322-150", "037-xxx-150"),
        ("089326141", "089-326-141", "089-xxx-141"),
        ("0800211459", "0800-211-459", "0800-xxx-459"),
        ("1999", "1999", "xxx"),
        ("+81312345678", "+81312345678", "xxxxxxxxx678"),
    ],
)
def test_numbers_as_people_write_and_as_screens_mask_them(number: str, shown: str, masked: str) -> None:
    assert format_phone(number) == shown
    assert mask_phone(number) == masked


def test_only_mobiles_get_text_messages() -> None:
    assert is_mobile("0912345678")
    assert not is_mobile("0229603456")
    assert not is_mobile("0912345678#12")


def test_the_hash_of_a_number_needs_the_key(key_file: Path) -> None:
    first = phone_hash("0912-345-678")
    assert first == phone_hash("+886912345678") == phone_hash("0912345678#12")
    assert len(first) == 64
    content = json.loads(key_file.read_text())
    content["hash_key"] = content["keys"]["1"]
    key_file.write_text(json.dumps(content))
    private._keys_at.cache_clear()
    assert phone_hash("0912-345-678") != first


# --- masks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王○明"),
        ("王明", "王○"),
        ("歐陽小明", "歐○○明"),
        ("王", "○"),
        ("John Smith", "J*** S***"),
        ("", ""),
        (None, ""),
    ],
)
def test_masked_names(name: str | None, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("新北市板橋區中山路一段161號", "新北市板橋區中山路一段○○"),
        ("新北市板橋區文化路2段10巷3號5樓", "新北市板橋區文化路2段○○"),
        ("臺北市大安區市府路1號", "臺北市大安區市府路○○"),
        ("板橋區縣民大道二段7號", "板橋區縣民大道二段○○"),
        ("某處大樓三樓", "○○"),
        ("", ""),
    ],
)
def test_masked_addresses(address: str, masked: str) -> None:
    assert mask_address(address) == masked


def test_masked_mail_addresses() -> None:
    assert mask_email("wang@example.com") == "w***@example.com"
    assert mask_email("nonsense") == "***"
    assert mask_email(None) == ""


@given(st.text(max_size=40))
def test_masks_take_whatever_there_is(text: str) -> None:
    for mask in (mask_name, mask_phone, mask_email, mask_address):
        assert isinstance(mask(text), str)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("250 2.0.0 Ok: queued as 4B7F20C3D1", "250 2.0.0 Ok: queued as 4B7F20C3D1"),
        ("550 <WANG@Example.com> unknown", "550 <w***@example.com> unknown"),
        ("550 5.1.1 rcpt=wang@example.com; user wang", "550 5.1.1 r***@example.com; user w***"),
        ("status 4 17650912345678", "status 4 17650912345678"),
        ("v 0912-345-678 無效", "v 09xx-xxx-678 無效"),
    ],
)
def test_what_a_gateway_said_names_nobody(said: str, kept: str) -> None:
    assert private.mask_within(said, "wang@example.com") == kept
