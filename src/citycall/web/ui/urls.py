from django.urls import path

from citycall.web.ui.views import city_sheet, components

app_name = "ui"
urlpatterns = [
    path("", components, name="components"),
    path("city.css", city_sheet, name="city_sheet"),
]
