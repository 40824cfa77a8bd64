"""A form sent when the session had ended: what was typed is carried through signing in and sent again.

Nothing is kept on the server or in the browser's storage. The fields travel, signed, in a hidden input of
the sign-in page and come back with it; after signing in a page asks whether to send them, with a fresh token.
Only a form that proved to be our own gets this far (its token was right, or its Origin is ours and its token
merely old), so no other site can lay a form into somebody's hands this way. Passwords are never carried, and
files cannot be: they are chosen again on the asking page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware import csrf
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from citycall.web.request import CityRequest

FIELD = "resume"
LASTS = 8 * 3600
_SALT = "citycall.web.resume"
_FOREIGN = (csrf.REASON_BAD_ORIGIN.split("%")[0], csrf.REASON_BAD_REFERER.split("%")[0])


@dataclass(frozen=True)
class Carried:
    """A form that waits for its sender to sign in."""

    path: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What the person typed, each with its label, for them to recognise it."""
        from citycall.web.typed import labelled

        return labelled(self.path, self.fields)

    def sealed(self) -> str:
        return signing.dumps([self.path, self.fields, self.files], salt=_SALT, compress=True)


def carry(request: HttpRequest) -> Carried:
    """The fields of this POST, without its token and without passwords."""
    return Carried(
        path=request.get_full_path(),
        fields=tuple(
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in {"csrfmiddlewaretoken", FIELD} and "password" not in name.lower()
        ),
        files=tuple(request.FILES),
    )


def opened(sealed: str) -> Carried | None:
    """What was carried, or None when there was nothing, or it is too old or not from us."""
    if not sealed:
        return None
    try:
        path, fields, files = signing.loads(sealed, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    return Carried(path, tuple((name, value) for name, value in fields), tuple(files))


def ask_to_sign_in(request: CityRequest) -> HttpResponse:
    """The sign-in page, carrying the form that was sent without a session."""
    from citycall.web.account.forms import SignInForm

    carried = carry(request)
    form = SignInForm(initial={FIELD: carried.sealed()})
    response = HttpResponse(
        render_to_string("account/sign_in.html", {"form": form, "carried": carried}, request),
        status=401,
        headers={"WWW-Authenticate": "FormBased", "Cache-Control": "private, no-store"},
    )
    return _whole_page(request, response)


def ask_to_send(request: HttpRequest, carried: Carried, status: int = 200) -> HttpResponse:
    """The page that asks whether to send what was carried."""
    response = HttpResponse(
        render_to_string("account/resume.html", {"carried": carried}, request),
        status=status,
        headers={"Cache-Control": "private, no-store"},
    )
    return _whole_page(request, response)


def is_own_stale_form(request: HttpRequest, reason: str) -> bool:
    """Whether a form that failed the token check came from our own page and is merely old."""
    if request.method != "POST" or reason.startswith(_FOREIGN):
        return False
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    own = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return site == "same-origin" and request.headers.get("Origin", "") in own


def confirm_stale(request: HttpRequest) -> HttpResponse:
    """Our own form whose token is old: ask, and send it with a fresh one."""
    if request.path == reverse("account:sign_in"):
        wanted: dict[str, Any] = {"stale": "1", "next": request.POST.get("next", "")}
        return HttpResponseRedirect(f"{request.path}?{urlencode(wanted)}")
    return ask_to_send(request, carry(request), status=403)


def say_signed_out(request: CityRequest) -> HttpResponse:
    """For a fragment asked for without a session: a banner, and the page stays as it is."""
    body = render_to_string("account/signed_out_fragment.html", {}, request)
    return HttpResponse(
        body,
        status=401,
        headers={"HX-Retarget": "#notices", "HX-Reswap": "innerHTML", "WWW-Authenticate": "FormBased"},
    )


def _whole_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if getattr(request, "htmx", False):
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML show:window:top"
    return response
