"""The citizen's addresses."""

from django.urls import path

from citycall.web.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("track/", views.track, name="track"),
    path("track/again", views.again, name="again"),
]
