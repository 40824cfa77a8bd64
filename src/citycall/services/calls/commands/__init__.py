"""What can be done in the calls room. Importing this package registers its commands."""

from citycall.services.calls.commands.calls import CallDone, End, OfCall, Offer, answer, end, offer
from citycall.services.calls.commands.dispositions import dispose
from citycall.services.calls.commands.special import (
    decide_special,
    end_special,
    propose_special,
    view_special,
)

__all__ = [
    "CallDone",
    "End",
    "OfCall",
    "Offer",
    "answer",
    "decide_special",
    "dispose",
    "end",
    "end_special",
    "offer",
    "propose_special",
    "view_special",
]
