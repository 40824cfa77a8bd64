from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "citycall.services.calls"
    label = "calls"
