"""The two doors: screens for people, and the API for programs."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []
if find_spec("citycall.api") and find_spec("citycall.api.urls"):
    urlpatterns.append(path("api/", include("citycall.api.urls")))
if find_spec("citycall.web") and find_spec("citycall.web.urls"):
    urlpatterns.append(path("", include("citycall.web.urls")))

handler400 = "citycall.web.errors.bad_request"
handler403 = "citycall.web.errors.forbidden"
handler404 = "citycall.web.errors.not_found"
handler500 = "citycall.web.errors.broken"

handler400 = "citycall.web.errors.bad_request"
handler403 = "citycall.web.errors.forbidden"
handler404 = "citycall.web.errors.not_found"
handler500 = "citycall.web.errors.broken"
