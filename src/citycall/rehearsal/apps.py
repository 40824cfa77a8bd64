from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    name = "citycall.rehearsal"
    label = "rehearsal"
