"""Who may open a view. Every view carries one of these marks; a guard test walks the URLs for one without.

The marks are about screens only. Whether an act is allowed is asked again, of the command, when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, cast, overload

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from citycall.base.commands import Refused
from citycall.web import resume
from citycall.web.request import CityRequest, StaffRequest

P = ParamSpec("P")


@dataclass(frozen=True)
class Access:
    """The mark on a view: `view.access`."""

    kind: Literal["staff", "public"]
    roles: frozenset[str] | None = None
    while_password_expired: bool = False
    beside: bool = False
    parent: str = ""


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
PublicView = Callable[Concatenate[CityRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def public_view(view: PublicView[P]) -> View[P]:
    """Anyone may open this view."""

    @wraps(view)
    def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(cast(CityRequest, request), *args, **kwargs)

    opened.access = Access("public")  # type: ignore[attr-defined]
    return opened


@overload
def staff_view(view: StaffView[P], /) -> View[P]: ...
@overload
def staff_view(
    *,
    roles: Iterable[str] | None = None,
    while_password_expired: bool = False,
    beside: bool = False,
    parent: str = "",
) -> Callable[[StaffView[P]], View[P]]: ...


def staff_view(
    view: Any = None,
    /,
    *,
    roles: Iterable[str] | None = None,
    while_password_expired: bool = False,
    beside: bool = False,
    parent: str = "",
) -> Any:
    """Staff only; with `roles`, only those who hold (or stand in for) a post of one of these roles.

    Somebody who is not signed in is asked to sign in and comes back to where they were. What they had typed
    when their session ended is not lost: see `citycall.web.resume`. A view that htmx asks `beside` a form
    that may be half filled in never takes the page from it: without a session it answers with a banner.
    Who opens the address of a view that is only sent to comes to the nearest page above it, or to the one
    that `parent` names.
    """
    if view is not None:
        return staff_view()(view)
    holders = frozenset(roles) if roles is not None else None
    access = Access("staff", holders, while_password_expired, beside, parent)

    def mark(view: StaffView[P]) -> View[P]:
        @wraps(view)
        def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            refused = _stop(cast(CityRequest, request), access)
            if refused is not None:
                return refused
            response = view(cast(StaffRequest, request), *args, **kwargs)
            if not response.has_header("Cache-Control"):
                patch_cache_control(response, private=True, no_store=True)
            return response

        opened.access = access  # type: ignore[attr-defined]
        return opened

    return mark


def _stop(request: CityRequest, access: Access) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return _ask_to_sign_in(request, access)
    if request.user.must_change_password and not access.while_password_expired:
        return _go(request, reverse("account:password"))
    if access.roles is not None and not access.roles & set(request.actor.roles()):
        raise Refused("not_permitted", _("您的職務不使用這個畫面。"), status=403)
    return None


def _ask_to_sign_in(request: CityRequest, access: Access) -> HttpResponse:
    sign_in = reverse("account:sign_in")
    if request.method not in {"GET", "HEAD"} and not (access.beside and request.htmx):
        return resume.ask_to_sign_in(request)
    if request.htmx:
        # A fragment asked for beside a form that may be half filled in: leave the page as it is and say so.
        return resume.say_signed_out(request)
    return HttpResponseRedirect(f"{sign_in}?{urlencode({'next': request.get_full_path()})}")


def _go(request: CityRequest, address: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
