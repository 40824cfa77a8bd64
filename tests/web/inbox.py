"""A city at ten on a Monday, who signs in, a case of the works department, and what is done with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from tests.web import sample
from tests.web.sample import city_of

Login = Callable[[str], Client]
Make = Callable[..., Any]


@pytest.fixture
def city(db: None) -> Iterator[None]:
    yield from city_of("newtaipei")


@pytest.fixture
def login(city: None) -> Login:
    return sample.login


@pytest.fixture
def make(city: None) -> Make:
    """A case of the works department, as the operator takes it."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish
    from citycall.services.cases.models import Case

    def take(address: str = "板橋區中山路一段161號", **given: Any) -> Case:
        reporter = {"name": "王小明", "phone": "0912345678"}
        data = {"item": "streetlight", "description": "路燈不亮", "place": {"address": address},
                "reporter": reporter, **given}  # fmt: skip
        return Case.objects.get(pk=establish(actor_for_post("call_centre.operator1"), data).case)

    return take


def act(post: str, command: str, case: Any, **given: Any) -> Any:
    return sample.run(command, post, case=case.pk, **given)


def later(**length: float) -> None:
    from citycall.base import clock

    clock.set_virtual(clock.now() + timedelta(**length))


def picture(name: str = "現場.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "#884422").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def says(answer: Any) -> str:
    return str(answer.content.decode())
