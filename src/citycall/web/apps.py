from django.apps import AppConfig
from django.forms import Field
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    name = "citycall.web"
    label = "web"

    def ready(self) -> None:
        """All forms say it in the same few words as the commands."""
        Field.default_error_messages["required"] = _("必填。")
