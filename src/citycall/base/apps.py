from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "citycall.base"
    label = "base"
