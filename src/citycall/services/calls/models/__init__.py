"""Tables of the calls room."""

from citycall.services.calls.models.calls import Call
from citycall.services.calls.models.dispositions import Disposition
from citycall.services.calls.models.special import SpecialCaller, SpecialView

__all__ = ["Call", "Disposition", "SpecialCaller", "SpecialView"]
