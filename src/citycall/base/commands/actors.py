"""Who acts: a member of staff through posts, a citizen, or the system itself."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ActorPost:
    code: str
    role: str
    agency: str


@dataclass(frozen=True, slots=True)
class Actor:
    kind: Literal["staff", "citizen", "system"]
    staff_id: int | None
    name: str
    posts: tuple[ActorPost, ...]
    via: str
    ip: str | None = None

    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    def agencies(self) -> frozenset[str]:
        return frozenset(post.agency for post in self.posts)

    def has(self, role: str, agency: str | None = None) -> bool:
        return any(post.role == role and agency in (None, post.agency) for post in self.posts)

    def holds(self, *roles: str, agency: str | None = None) -> bool:
        """Whether one of these roles is theirs (in this agency)."""
        return any(self.has(role, agency) for role in roles)

    def identity(self) -> str:
        """One word for the same actor, request after request: the scope of idempotency keys."""
        if self.staff_id is not None:
            return f"staff:{self.staff_id}"
        if self.posts:
            return f"posts:{','.join(sorted(post.code for post in self.posts))} {self.via}"
        return f"{self.kind}:{self.name}"


SYSTEM = Actor(kind="system", staff_id=None, name="system", posts=(), via="worker")


def citizen(via: str = "web", ip: str | None = None) -> Actor:
    """Somebody from outside, not signed in."""
    return Actor(kind="citizen", staff_id=None, name="citizen", posts=(), via=via, ip=ip)
