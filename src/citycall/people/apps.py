"""The people room as a Django application."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Agencies, posts, staff and the citizens who are party to a matter."""

    name = "citycall.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from citycall.base import notices
        from citycall.people import recipients

        notices.set_resolver(recipients.resolve)
