"""Views that only tests have: they refuse, break and take forms."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from citycall.base.commands import Refused
from citycall.web.access import public_view, staff_view
from citycall.web.request import CityRequest, StaffRequest

taken: list[dict[str, list[str]]] = []


class ToyForm(forms.Form):
    address = forms.CharField()


@staff_view(roles=("handler",))
def handlers_only(request: StaffRequest) -> HttpResponse:
    return HttpResponse(request.actor.name)


@require_POST
@staff_view
def take(request: StaffRequest) -> HttpResponse:
    taken.append({name: request.POST.getlist(name) for name in request.POST})
    return HttpResponse("taken", status=201)


@public_view
def refuse(request: CityRequest) -> HttpResponse:
    raise Refused("wrong_status", "這件案子已經結案。", fields={"case": "<b>12</b>"}, status=409)


@public_view
def broken(request: CityRequest) -> HttpResponse:
    raise ZeroDivisionError


@public_view
def read_body(request: CityRequest) -> HttpResponse:
    return HttpResponse(str(len(request.POST)))


urlpatterns = [
    path("toy/handlers", handlers_only),
    path("toy/take", take),
    path("toy/refuse", refuse),
    path("toy/broken", broken),
    path("toy/body", read_body),
    path("", include("citycall.urls")),
]
handler400 = "citycall.web.errors.bad_request"
handler403 = "citycall.web.errors.forbidden"
handler404 = "citycall.web.errors.not_found"
handler500 = "citycall.web.errors.broken"
