"""The people room as a Django application."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Agencies, posts, staff and the citizens who are party to a matter."""

    name = "citycall.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from citycall.base import notices, worker
        from citycall.people import recipients, sample_guard

        notices.set_resolver(recipients.resolve)
        worker.on_start.append(sample_guard.check_installation)
