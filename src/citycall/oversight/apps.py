from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "citycall.oversight"
    label = "oversight"
