"""Signing in and out, one's password, posts, deputies and leave."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from citycall.base.commands import Refused, not_permitted
from citycall.people import commands as people
from citycall.people.models import Staff
from citycall.people.queries import actor_of, may_deputise
from citycall.web import resume
from citycall.web.access import public_view, staff_view
from citycall.web.account.forms import DeputiesForm, LeaveForm, PasswordForm, SignInForm
from citycall.web.account.home import home_for
from citycall.web.account.own import colleagues_of, my_leaves, my_posts
from citycall.web.account.samples import sample_accounts, sample_password
from citycall.web.context import THEME_COOKIE
from citycall.web.errors import into_form
from citycall.web.middleware import CHOSEN_COOKIE, chosen_language, remember
from citycall.web.request import CityRequest, StaffRequest
from citycall.web.sending import sent

BACKEND = "citycall.people.backends.StaffBackend"


@public_view
def home(request: CityRequest) -> HttpResponse:
    return redirect(home_for(request.actor))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@public_view
def sign_in(request: CityRequest) -> HttpResponse:
    """Sign in and go back to where one was; with a form that was carried here, ask whether to send it."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if request.method == "GET":
        if request.user.is_authenticated:
            return redirect(_safe(request, wanted) or home_for(request.actor))
        return _sign_in_page(request, SignInForm(initial={"next": wanted}))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=422)
    try:
        result = people.sign_in(
            request.actor,
            {"username": form.cleaned_data["username"], "password": form.cleaned_data["password"]},
        )
    except Refused as refusal:
        into_form(form, refusal)
        return _sign_in_page(request, form, status=refusal.status)
    if not result.ok or result.staff is None:
        form.add_error(None, result.message)
        return _sign_in_page(request, form, status=422)
    staff = Staff.objects.get(pk=result.staff)
    login(request, staff, backend=BACKEND)
    actor = actor_of(staff, via="web", ip=request.actor.ip)
    language = chosen_language(request) or staff.language
    if language != staff.language:
        people.set_language(actor, {"language": language})
    translation.activate(language)
    carried = resume.opened(form.cleaned_data["resume"])
    if carried is not None and not staff.must_change_password:
        response = resume.ask_to_send(request, carried)
    else:
        response = redirect(_safe(request, wanted) or home_for(actor))
    remember(response, language)
    response.delete_cookie(CHOSEN_COOKIE, samesite="Lax")
    return response


def _sign_in_page(request: CityRequest, form: SignInForm, status: int = 200) -> HttpResponse:
    page = {
        "form": form,
        "carried": resume.opened(request.POST.get(resume.FIELD, "")),
        "stale": "stale" in request.GET,
        "samples": sample_accounts(),
        "sample_password": sample_password(),
    }
    return render(request, "account/sign_in.html", page, status=status)


def _safe(request: HttpRequest, address: str) -> str:
    """The address, if it is one of ours; else nothing."""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else ""


@require_POST
@staff_view(while_password_expired=True)
def sign_out(request: StaffRequest) -> HttpResponse:
    people.sign_out(request.actor, {})
    logout(request)
    messages.success(request, _("您已登出。"))
    return redirect("account:sign_in")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@staff_view(while_password_expired=True)
def password(request: StaffRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    status = sent(
        form,
        lambda: people.change_password(
            request.actor,
            {"old": form.cleaned_data["old_password"], "new": form.cleaned_data["new_password"]},
        ),
        {"old": "old_password", "new": "new_password"},
    )
    if status is None:
        staff = Staff.objects.get(pk=request.user.pk)
        login(request, staff, backend=BACKEND)  # other sessions of this account end here
        messages.success(request, _("密碼已變更，其他裝置都已登出。"))
        return redirect(home_for(request.actor))
    page = {"form": form, "forced": request.user.must_change_password}
    return render(request, "account/password.html", page, status=status)


@require_POST
@public_view
def preferences(request: CityRequest) -> HttpResponse:
    """Language and theme, kept in the browser; the language also in the account of who is signed in."""
    response = HttpResponseRedirect(_safe(request, request.POST.get("next", "")) or reverse("home"))
    language = request.POST.get("lang", "")
    if language in dict(settings.LANGUAGES):
        signed_in = request.user.is_authenticated
        remember(response, language, chosen=not signed_in)
        if signed_in:
            people.set_language(request.actor, {"language": language})
    theme = request.POST.get("theme")
    if theme in {"light", "dark"}:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=365 * 86400,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    elif theme == "":
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


@require_http_methods(["GET"])
@staff_view
def posts(request: StaffRequest) -> HttpResponse:
    return _posts_page(request)


@require_http_methods(["GET", "POST"])
@staff_view
def deputies(request: StaffRequest, code: str) -> HttpResponse:
    """Who stands in for a post, in order."""
    held = {line.code: line for line in my_posts(request.user.pk)}
    line = held.get(code)
    if line is None or not line.own:
        raise Refused("not_found", _("這不是您的職務。"), status=404)
    if not may_deputise(request.actor, line.agency, line.role, line.code):
        raise not_permitted()
    form = DeputiesForm(
        request.POST or None,
        colleagues=colleagues_of(line.agency, besides=request.user.pk),
        initial=dict(zip(("first", "second", "third"), line.deputy_ids, strict=False)),
    )
    status = sent(
        form,
        lambda: people.set_deputies(request.actor, {"post": code, "deputies": form.chosen()}),
        {"deputies": "first"},
    )
    if status is None:
        messages.success(request, _("代理順位已儲存。"))
        return redirect("account:posts")
    return render(request, "account/deputies.html", {"form": form, "line": line}, status=status)


@require_http_methods(["POST"])
@staff_view(parent="account:posts")
def leave(request: StaffRequest) -> HttpResponse:
    form = LeaveForm(request.POST)
    if form.is_valid():
        try:
            people.declare_leave(
                request.actor,
                {
                    "staff": request.user.pk,
                    "starts": form.cleaned_data["starts"],
                    "ends": form.cleaned_data["ends"],
                },
            )
        except Refused as refusal:
            into_form(form, refusal)
        else:
            messages.success(request, _("請假已登記，期間的通知會送給代理人。"))
            return redirect("account:posts")
    return _posts_page(request, form, status=422)


@require_POST
@staff_view(parent="account:posts")
def end_leave(request: StaffRequest, leave: int) -> HttpResponse:
    """Back again, or not going after all."""
    people.end_leave(request.actor, {"leave": leave})
    messages.success(request, _("請假已結束。"))
    return redirect("account:posts")


def _posts_page(request: StaffRequest, form: LeaveForm | None = None, status: int = 200) -> HttpResponse:
    page: dict[str, Any] = {
        "lines": [
            (line, line.own and may_deputise(request.actor, line.agency, line.role, line.code))
            for line in my_posts(request.user.pk)
        ],
        "leaves": my_leaves(request.user.pk),
        "form": form or LeaveForm(),
    }
    return render(request, "account/posts.html", page, status=status)
