from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "citycall.people"
    label = "people"
