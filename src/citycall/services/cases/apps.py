from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "citycall.services.cases"
    label = "cases"
