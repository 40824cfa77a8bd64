"""The addresses of the screens. Each area has its own list."""

from django.urls import URLPattern, URLResolver, include, path

from citycall.web.account.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("home", home, name="home"),
    path("account/", include("citycall.web.account.urls")),
    path("desk/", include("citycall.web.desk.urls")),
    path("inbox/", include("citycall.web.inbox.urls")),
    path("oversight/", include("citycall.web.oversight.urls")),
    path("ui/", include("citycall.web.ui.urls")),
    path("", include("citycall.web.portal.urls")),
]
