from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "citycall.web"
    label = "web"
