"""The addresses of the API. Each goes through the same door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from citycall.api import problems
from citycall.api.door import door
from citycall.api.v1 import api

_PAGES = {"openapi-view", "api-root"}  # the documentation, for people


def _behind_the_door(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name not in _PAGES:
            uploads = "photos" in str(pattern.pattern)
            pattern.callback = csrf_exempt(door(pattern.callback, upload=uploads))
    return patterns


def nowhere(request: HttpRequest, *args: str) -> HttpResponse:
    """No such address."""
    return problems.not_found()


_patterns, _app, _namespace = api.urls
urlpatterns = [
    path("v1/", (_behind_the_door(_patterns), _app, _namespace)),
    re_path(r"", csrf_exempt(door(nowhere))),
]
