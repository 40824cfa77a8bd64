from django.urls import path

from citycall.web.ui import views

app_name = "ui"
urlpatterns = [
    path("", views.components, name="components"),
    path("city.css", views.city_sheet, name="city_sheet"),
]
