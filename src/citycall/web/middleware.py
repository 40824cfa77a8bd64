"""What every request passes: headers, language, actor, and refusals made into pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from citycall.base.commands import Actor, Refused, citizen
from citycall.people.queries import actor_of
from citycall.web import errors
from citycall.web.request import CityRequest

Next = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS = "geolocation=(self), camera=(self), microphone=(self), payment=(), usb=()"
LONGEST_BODY = 64 * 1024 * 1024


class Headers:
    """No script and no style but our own files; no framing; nothing told to other sites."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > LONGEST_BODY:
            with translation.override(translation.get_language_from_request(request)):
                response: HttpResponseBase = errors.too_large(request)
        else:
            response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class Language:
    """`?lang=`, then the cookie (set at sign-in from the account), then what the browser asks for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.known = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.GET.get("lang", "")
        language = asked if asked in self.known else translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        if asked in self.known:
            remember(response, language)
        response.headers.setdefault("Content-Language", "zh-Hant-TW" if language == "zh-hant" else language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def remember(response: HttpResponseBase, language: str) -> None:
    """Keep the language in the browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 86400,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class Acting:
    """`request.actor`, read when first asked for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = cast(CityRequest, request)
        asked.actor = cast(Actor, SimpleLazyObject(lambda: _actor(asked)))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return errors.refused(cast(CityRequest, request), exception)
        return None


def _actor(request: CityRequest) -> Actor:
    ip = request.META.get("REMOTE_ADDR") or None
    if request.user.is_authenticated:
        return actor_of(request.user, via="web", ip=ip)
    return citizen(via="web", ip=ip)
