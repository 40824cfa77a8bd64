"""Tables of the cases room: one case, one lifecycle, for every kind of case.

The current row of each table is the fold of its events (``base.events``); a test
proves it. Personal data of citizens is not here: ``party_id`` names a row of
``people.Party``, which is encrypted and opened only with a purpose.
"""

from citycall.services.cases.models.case import OPEN_STATUSES, Case, Channel, ReplyBy, Stage, Status
from citycall.services.cases.models.classifier import Classifier
from citycall.services.cases.models.clocks import CaseClock
from citycall.services.cases.models.files import CaseFile
from citycall.services.cases.models.lateness import DelayAnalysis, Outage
from citycall.services.cases.models.lists import BulkAct, SavedFilter
from citycall.services.cases.models.lookups import LookupFailure
from citycall.services.cases.models.referrals import PoliceReferral
from citycall.services.cases.models.repeats import Incident, Prevention, UnfoundedLetter
from citycall.services.cases.models.replies import CaseReply, PhoneRecord
from citycall.services.cases.models.requests import CaseJoin, CasePosition, CaseRequest, StageRequest
from citycall.services.cases.models.tasks import CaseTask, PhoneTask
from citycall.services.cases.models.terms import CaseTerms
from citycall.services.cases.models.writing import ReplyDraft

__all__ = [
    "OPEN_STATUSES",
    "BulkAct",
    "Case",
    "CaseClock",
    "CaseFile",
    "CaseJoin",
    "CasePosition",
    "CaseReply",
    "CaseRequest",
    "CaseTask",
    "CaseTerms",
    "Channel",
    "Classifier",
    "DelayAnalysis",
    "Incident",
    "LookupFailure",
    "Outage",
    "PhoneRecord",
    "PhoneTask",
    "PoliceReferral",
    "Prevention",
    "ReplyBy",
    "ReplyDraft",
    "SavedFilter",
    "Stage",
    "StageRequest",
    "Status",
    "UnfoundedLetter",
]
