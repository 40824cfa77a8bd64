"""Tables of the people room."""

from citycall.people.models.citizens import IdentityCheck, Party, PartyView
from citycall.people.models.government import Agency, Deputy, Government, Holding, Leave, Post
from citycall.people.models.staff import ApiToken, SignInFailure, Staff

__all__ = [
    "Agency",
    "ApiToken",
    "Deputy",
    "Government",
    "Holding",
    "IdentityCheck",
    "Leave",
    "Party",
    "PartyView",
    "Post",
    "SignInFailure",
    "Staff",
]
