"""What can be done in the people room."""

from citycall.people.commands.citizens import check_identity, find_by_phone, unmask
from citycall.people.commands.offices import add_agency, add_post, assign_post, set_deputies
from citycall.people.commands.preferences import set_language
from citycall.people.commands.presence import declare_leave, end_leave
from citycall.people.commands.signing_in import SignedIn, SignIn, change_password, sign_in, sign_out
from citycall.people.commands.staff import add_staff, deactivate_staff, set_password, unlock_staff
from citycall.people.commands.tokens import create_token, revoke_token

__all__ = [
    "SignIn",
    "SignedIn",
    "add_agency",
    "add_post",
    "add_staff",
    "assign_post",
    "change_password",
    "check_identity",
    "create_token",
    "deactivate_staff",
    "declare_leave",
    "end_leave",
    "find_by_phone",
    "revoke_token",
    "set_deputies",
    "set_language",
    "set_password",
    "sign_in",
    "sign_out",
    "unlock_staff",
    "unmask",
]
