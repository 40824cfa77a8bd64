"""The two doors: screens for people, and the API for programs."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("citycall.api.urls")),
    path("", include("citycall.web.urls")),
]

handler400 = "citycall.web.errors.bad_request"
handler403 = "citycall.web.errors.forbidden"
handler404 = "citycall.web.errors.not_found"
handler500 = "citycall.web.errors.broken"
