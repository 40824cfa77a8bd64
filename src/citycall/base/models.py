"""The tables of this room, gathered for Django."""

from citycall.base.audit import AuditEntry, AuditLink
from citycall.base.channels.recording import RecordedMessage
from citycall.base.closures import Closure
from citycall.base.commands.idempotency import IdempotencyKey
from citycall.base.events import Event
from citycall.base.files import StoredFile
from citycall.base.notices.model import Notice
from citycall.base.policies import PolicyVersion
from citycall.base.portions import Job, Portion
from citycall.base.timers import Timer
from citycall.base.worker import WorkerBeat

__all__ = [
    "AuditEntry",
    "AuditLink",
    "Closure",
    "Event",
    "IdempotencyKey",
    "Job",
    "Notice",
    "PolicyVersion",
    "Portion",
    "RecordedMessage",
    "StoredFile",
    "Timer",
    "WorkerBeat",
]
