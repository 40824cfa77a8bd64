"""Who acts in these tests."""

from __future__ import annotations

from citycall.base.commands import Actor, ActorPost


def staff(*codes: str, staff_id: int = 7) -> Actor:
    """A member of staff who holds these posts, given as `agency.role`."""
    posts = tuple(ActorPost(code, code.partition(".")[2], code.partition(".")[0]) for code in codes)
    return Actor(kind="staff", staff_id=staff_id, name="王大同", posts=posts, via="web", ip="127.0.0.1")


OPERATOR = staff("call_centre.operator")
LEAD = staff("call_centre.lead", staff_id=8)
