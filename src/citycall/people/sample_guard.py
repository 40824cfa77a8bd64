"""What keeps a sample government and a real one apart.

The sample's accounts all have one password that anybody can read here; its keys are marked in their file. A
real installation refuses both.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from citycall.base import private
from citycall.people.models import Government

SAMPLE_PASSWORD = "sample-1999-citycall"  # nosec B105: printed on the sample's sign-in page


def is_sample_government() -> bool:
    """Whether this installation plays; one without a government yet counts as real."""
    return Government.objects.filter(sample=True).exists()


def check_installation() -> None:
    """Refuse to work on a sample's keys in a real government. Web and worker call it at their start.

    The sample's password is refused where passwords are set and where they are used.
    """
    government = Government.objects.first()
    if government is None or government.sample:
        return
    if private.is_sample():
        raise ImproperlyConfigured(
            f"{government} is a real government, and its key file is a sample's. Put its own key file back."
        )
