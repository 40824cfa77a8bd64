from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "citycall.api"
    label = "api"
