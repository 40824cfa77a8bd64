"""What went wrong, as people need it: a page, a banner in the screen, or words beside a field of a form."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from citycall.base.commands import Refused
from citycall.services.cases.queries.sight import OVERSEERS
from citycall.web import resume
from citycall.web.context import AGENCY_ROLES
from citycall.web.desk.frame import OPERATORS, bar
from citycall.web.request import CityRequest, StaffRequest
from citycall.web.ui.forms import KeyedForm, SeenForm

log = logging.getLogger(__name__)
_WORKPLACE = re.compile(r"/(?P<place>inbox|desk)/(?:cases/(?P<number>[^/]+)/.)?")
LONE = "ui/base_lone.html"
_SAID_AT_WORK = frozenset({403, 404, 409, 422})
_USERS = {"desk": frozenset(OPERATORS), "inbox": AGENCY_ROLES | {"evaluator"} | OVERSEERS}


def into_form(form: forms.BaseForm, refused: Refused, names: Mapping[str, str] | None = None) -> None:
    """Put a refusal beside the fields it speaks of; what it says in general at the top.

    `names` maps the command's input paths to form fields where they differ: `{"place.address": "address"}`.
    A path's last part is tried by itself when it is not in `names`.
    """
    if refused.code == "stale" and isinstance(form, SeenForm):
        form.show_changes(refused.info["seen"], refused.info["changes"])
        form.add_error(None, _("您開啟後，案件已由他人變更。請看過最新內容再送出；您填寫的內容仍保留。"))
        return
    if refused.code == "idempotency_conflict" and isinstance(form, KeyedForm):
        form.renew()
        form.add_error(
            None, _("這份表單先前已送出過，內容與現在不同。要以現在的內容另外再送一次，請再按一次。")
        )
        return
    placed = False
    for path, message in refused.fields.items():
        name = (names or {}).get(path, path)
        if name not in form.fields:
            name = path.rsplit(".", 1)[-1]
        if name in form.fields:
            form.add_error(name, message)
            placed = True
        else:
            form.add_error(None, message)
            placed = True
    if not placed:
        form.add_error(None, refused.message)


def refused(request: CityRequest, refusal: Refused) -> HttpResponse:
    """A refusal that no view turned into something better."""
    details = list(refusal.fields.items())
    return _answer(request, refusal.status, _headline(refusal.status), refusal.message, details, refusal.code)


def _headline(status: int) -> str:
    return {
        403: _("您不能使用這項功能"),
        404: _("找不到這一頁"),
        405: _("這個網址不能這樣使用"),
        409: _("現在不能這樣做"),
        413: _("檔案太大"),
        415: _("不能使用這種檔案"),
        422: _("有些內容需要修改"),
        500: _("系統發生錯誤"),
    }.get(status, _("這個要求無法處理"))


def _answer(
    request: HttpRequest,
    status: int,
    title: str,
    message: str,
    details: list[tuple[str, str]] | None = None,
    code: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": title,
        "message": message,
        "details": details or [],
        "status": status,
        "code": code,
        "back": _back(request, status),
    }
    around = _around(request, status)
    if getattr(request, "htmx", False):
        # Beside the work, never in its place: what was typed stays as it is.
        body = render_to_string("ui/refused_fragment.html", context, request)
        return HttpResponse(
            body, status=status, headers={"HX-Retarget": "#notices", "HX-Reswap": "innerHTML show:top"}
        )
    if _wants_json(request):
        return JsonResponse({"code": code, "message": message, "fields": dict(details or [])}, status=status)
    answer = HttpResponse(render_to_string("ui/refused.html", context | around, request), status=status)
    if around["frame"] != LONE:  # it tells who is signed in
        patch_cache_control(answer, private=True, no_store=True)
    return answer


def _around(request: HttpRequest, status: int) -> dict[str, Any]:
    """What stands around the page: for staff at their work the bar of the desk, or the one of all staff, so
    that they go on from there; for everybody else, and where the fault may be ours, nothing.
    """
    user = getattr(request, "user", None)
    if status not in _SAID_AT_WORK or user is None or not user.is_authenticated or user.must_change_password:
        return {"frame": LONE}
    asked = cast(StaffRequest, request)
    if request.path_info.startswith("/desk/") and asked.actor.roles() & _USERS["desk"]:
        return {"frame": "desk/base.html", **bar(asked)}
    if request.path_info.startswith("/inbox/") and asked.actor.roles() & _USERS["inbox"]:
        return {"frame": "ui/base.html", "nav_of": "inbox/_nav.html"}
    return {"frame": "ui/base.html"}


def _back(request: HttpRequest, status: int) -> tuple[str, str] | None:
    """From a page of the inbox or the desk back to the case or the list; the page of the case was there."""
    found = _WORKPLACE.match(request.path_info)
    user = getattr(request, "user", None)
    if status not in _SAID_AT_WORK or found is None or user is None or not user.is_authenticated:
        return None
    place, number = found["place"], found["number"]
    if not cast(CityRequest, request).actor.roles() & _USERS[place]:
        return None  # nobody is led to where they would be refused again
    if number and status != 404:
        return reverse(f"{place}:case", args=[number]), _("回案件")
    return reverse(f"{place}:home"), _("回收件匣") if place == "inbox" else _("回話務台")


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return "application/json" in accepted and "text/html" not in accepted


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return _answer(request, 400, _("這個要求無法處理"), _("瀏覽器送來的內容不完整，請重新整理後再試。"))


@requires_csrf_token
def bad_address(request: HttpRequest) -> HttpResponse:
    """An address or a query with characters in it that nobody can type."""
    return _answer(
        request, 400, _("這個網址有誤"), _("網址裡有不能使用的字元，請確認後再試。"), code="bad_address"
    )


def not_allowed(request: HttpRequest, response: HttpResponseNotAllowed) -> HttpResponse:
    """Never a blank page. Who opens an address that only takes what is sent comes to the page above it."""
    match = request.resolver_match
    access = getattr(match.func, "access", None) if match else None
    if access is None:  # a program's door, which answers in its own way
        return response
    if request.method in {"GET", "HEAD"} and not getattr(request, "htmx", False) and not _wants_json(request):
        return HttpResponseRedirect(reverse(access.parent) if access.parent else _above(request.path_info))
    answer = _answer(
        request, 405, _headline(405), _("請回到原來的畫面，再操作一次。"), code="method_not_allowed"
    )
    answer.headers["Allow"] = response.headers["Allow"]
    return answer


def _above(path: str) -> str:
    """The nearest address above this one that there is."""
    while (path := re.sub("[^/]*/?$", "", path)) != "/":
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return reverse("home")


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, _headline(403), _("如果這是您的工作，請管理者確認您的職務。"))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404, _headline(404), _("網址可能打錯了，或資料已經不在。"))


@requires_csrf_token
def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 413, _headline(413), _("一次送出的內容太大。每個檔案最多 20 MB。"))


@requires_csrf_token
def broken(request: HttpRequest) -> HttpResponse:
    """Our own fault. Drawn without the database, which may be what is broken."""
    try:
        return _answer(request, 500, _headline(500), _("不是您的問題。請稍後再試；事情緊急請撥 1999。"))
    except Exception:
        log.exception("the error page could not be drawn")
        return HttpResponse(
            "<!doctype html><meta charset=utf-8><title>1999</title>"
            "<h1>系統發生錯誤</h1><p>請稍後再試；事情緊急請撥 1999。</p>"
            "<h1>Something went wrong</h1><p>Please try again later; if it is urgent, call 1999.</p>",
            status=500,
        )


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that cannot prove where it comes from. Our own, gone stale, is offered for sending again."""
    if resume.is_own_stale_form(request, reason):
        return resume.confirm_stale(request)
    return _answer(
        request,
        403,
        _("這份表單無法確認來源"),
        _("請回到原來的畫面，重新整理後再送出一次。瀏覽器須允許 cookie。"),
    )
