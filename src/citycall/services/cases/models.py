"""Tables of the cases room: one case, one lifecycle, for every kind of case.

The current row of each table is the fold of its events (``base.events``); a test
proves it. Personal data of citizens is not here: ``party_id`` names a row of
``people.Party``, which is encrypted and opened only with a purpose.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from citycall.base.private import EncryptedTextField


class Status(models.TextChoices):
    """Where a case stands. Which event leads from which to which is the pack's ``moves`` table."""

    ESTABLISHED = "established", _("已成案，待簽收")
    ACKNOWLEDGED = "acknowledged", _("已簽收")
    IN_PROGRESS = "in_progress", _("處理中")
    SUBMITTED = "submitted", _("陳核中")
    COMPLETED = "completed", _("已辦畢，待回覆")
    CLOSED = "closed", _("已結案")
    WITHDRAWN = "withdrawn", _("已撤案")
    RELEASED = "released", _("已解除列管")


class Stage(models.TextChoices):
    """Which limit a case is held to (NT-5-4-1b, NT-5-4-1c, NT-5-4-7)."""

    FIRST = "first", _("第一階段")
    SECOND = "second", _("第二階段")
    ORDINARY = "ordinary", _("一般案件")


class ReplyBy(models.TextChoices):
    """How the citizen wants to be answered (NT-5-4-4b, NT-5-4-4c)."""

    SMS = "sms", _("手機簡訊")
    EMAIL = "email", _("電子郵件")
    PHONE = "phone", _("電話")
    NONE = "none", _("不需回覆")


class Channel(models.TextChoices):
    """By which way the matter reached the city."""

    PHONE = "phone", _("電話")
    API = "api", _("系統介接")
    WEB = "web", _("網路")
    COUNTER = "counter", _("臨櫃")
    IMPORT = "import", _("匯入")


OPEN_STATUSES = (
    Status.ESTABLISHED,
    Status.ACKNOWLEDGED,
    Status.IN_PROGRESS,
    Status.SUBMITTED,
    Status.COMPLETED,
)


class Case(models.Model):
    """One matter that the city answers for, from 成案 to the close.

    The primary key is drawn from the numbering sequence, so that the row, its event,
    clocks and notices can be written without reading anything back.
    """

    id = models.BigIntegerField(primary_key=True)
    number = models.CharField(_("案號"), max_length=24)  # unique: see the constraint
    lookup_code = models.CharField(_("查詢碼"), max_length=8)
    kind = models.CharField(_("案件類別"), max_length=16)
    item = models.CharField(_("服務項目"), max_length=64, blank=True)
    cause_group = models.CharField(max_length=64, blank=True)
    description = models.TextField(_("反映內容"))
    address = models.CharField(_("地點"), max_length=200, blank=True)
    district = models.CharField(_("行政區"), max_length=16, blank=True)
    addr_key = models.CharField(max_length=200, blank=True)
    agency = models.CharField(_("權責機關"), max_length=64)
    party_id = models.BigIntegerField(null=True)
    has_mobile = models.BooleanField(default=False)
    has_email = models.BooleanField(default=False)
    has_phone = models.BooleanField(default=False)
    named = models.BooleanField(_("具名"), default=False)
    reply_by = models.CharField(_("回覆方式"), max_length=8, choices=ReplyBy)
    status = models.CharField(_("狀態"), max_length=16, choices=Status)
    stage = models.CharField(_("階段"), max_length=16, choices=Stage)
    policy_version_id = models.BigIntegerField()
    channel = models.CharField(_("受理管道"), max_length=8, choices=Channel)
    call_id = models.BigIntegerField(null=True)
    established_at = models.DateTimeField(_("成案時間"))
    clock_from = models.DateTimeField(_("時限起算"))
    entered_late = models.BooleanField(_("系統異常後補登"), default=False)
    acknowledged_at = models.DateTimeField(_("簽收時間"), null=True)
    acknowledged_late = models.BooleanField(_("逾時簽收"), default=False)
    acknowledged_by = models.BigIntegerField(null=True)
    taken_by = models.BigIntegerField(null=True)
    taken_post = models.CharField(max_length=96, blank=True)
    due_at = models.DateTimeField(_("辦理期限"), null=True)
    overdue = models.BooleanField(_("逾限"), default=False)
    was_overdue = models.BooleanField(_("曾逾限"), default=False, db_default=False)
    completed_at = models.DateTimeField(_("辦畢登錄時間"), null=True)
    completed_by = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(_("實際辦畢時間"), null=True)
    finding = models.CharField(_("查處情形"), max_length=32, blank=True)
    result = models.TextField(_("辦理結果"), blank=True)
    late_reason = models.TextField(_("逾期理由"), blank=True)
    replied_at = models.DateTimeField(_("回覆時間"), null=True)
    closed_at = models.DateTimeField(_("結案時間"), null=True)
    completed_late = models.BooleanField(_("逾期結案"), default=False)
    withdrawn_at = models.DateTimeField(_("撤案時間"), null=True)
    withdraw_reason = models.CharField(_("撤案原因"), max_length=32, blank=True)
    number_told_at = models.DateTimeField(_("案號告知時間"), null=True)
    reopened = models.PositiveSmallIntegerField(_("重啟次數"), default=0)
    became_of = models.CharField(max_length=16, blank=True)
    category = models.CharField(_("陳情類別"), max_length=32, blank=True, db_default="")
    notified_at = models.DateTimeField(_("電話通報時間"), null=True)
    notified_person = models.CharField(_("受理通報人員"), max_length=80, blank=True, db_default="")
    registered_at = models.DateTimeField(_("分文掛號時間"), null=True)
    registered_by = models.BigIntegerField(null=True)
    registered_late = models.BooleanField(_("逾時分文"), default=False, db_default=False)
    reported_back_at = models.DateTimeField(_("回報時間"), null=True)
    reported_back_by = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(_("陳核時間"), null=True)
    submitted_by = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(_("核定時間"), null=True)
    approved_by = models.BigIntegerField(null=True)
    grade = models.CharField(_("處理等級"), max_length=8, blank=True, db_default="")
    planned_end = models.DateField(_("預定辦結日期"), null=True)
    interim_result = models.TextField(_("初步處理情形"), blank=True, db_default="")
    released_at = models.DateTimeField(_("解除列管時間"), null=True)
    released_by = models.BigIntegerField(null=True)
    release_ground = models.CharField(_("解除列管事由"), max_length=32, blank=True, db_default="")
    course = models.TextField(_("處理經過"), blank=True, db_default="")
    outside_authority = models.CharField(_("移請機關"), max_length=120, blank=True, db_default="")
    outside_reference = models.CharField(_("函文字號"), max_length=80, blank=True, db_default="")
    outside_date = models.DateField(_("發文日期"), null=True)
    related_to = models.ForeignKey(
        "self",
        verbose_name=_("相關案件"),
        on_delete=models.PROTECT,
        null=True,
        related_name="related",
        db_index=False,  # few cases have one: see the partial index below
    )

    class Meta:
        indexes = (
            models.Index(F("agency"), F("status"), F("id").desc(), name="case_agency_status"),
            models.Index(F("status"), F("item"), F("id").desc(), name="case_status_item"),
            # None on due_at: a closure moves the limits of very many cases at once (ADR 0011).
            models.Index(F("cause_group"), F("addr_key"), F("id").desc(), name="case_place_cause"),
            models.Index(fields=["party_id"], name="case_party"),
            models.Index(fields=["related_to"], name="case_related", condition=Q(related_to__isnull=False)),
            models.Index(
                fields=["agency", "notified_at"],
                name="case_told_not_started",
                condition=Q(notified_at__isnull=False, status__in=["established", "acknowledged"]),
            ),
            models.Index(
                fields=["agency", "id"],
                name="case_registered_late",
                condition=Q(registered_late=True),
            ),
        )
        constraints = (
            # Not `unique=True`, which makes a second index for prefixes that no query of ours can use.
            models.UniqueConstraint(fields=["number"], name="case_number_once"),
            models.CheckConstraint(
                name="case_closed_has_result",
                condition=~Q(status="closed") | (~Q(result="") & Q(completed_at__isnull=False)),
                violation_error_message=_("未登錄辦理結果，不得結案"),
            ),
        )

    def __str__(self) -> str:
        return self.number


class CaseClock(models.Model):
    """One running or finished limit of a case, as the pack's clock rule ``code`` computed it."""

    class State(models.TextChoices):
        RUNNING = "running", _("計時中")
        STOPPED = "stopped", _("已停止")

    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        related_name="clocks",
        db_index=False,  # the index by case and code serves as well
    )
    code = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    due = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    late = models.BooleanField(default=False)
    # What the due time was computed from, to be computed anew: the limit as written (`6 working_days`).
    limit = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        indexes = (models.Index(fields=["case", "code"], name="clock_case_code"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.code}"


class StageRequest(models.Model):
    """An agency's application for the second stage or the ordinary limit (NT-5-4-1c, NT-5-4-7)."""

    SUBJECT_KIND = "stage_request"

    class State(models.TextChoices):
        PENDING = "pending", _("待審核")
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")
        LAPSED = "lapsed", _("毋庸審核")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="stage_requests")
    to = models.CharField(max_length=16, choices=Stage)
    days = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    requested_by = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    old_stage = models.CharField(max_length=16, blank=True)
    old_due = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="pending"), name="one_pending_stage_request"
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id}→{self.to}"


class PhoneTask(models.Model):
    """A telephone reply that the handler owes the citizen (NT-5-4-4c)."""

    SUBJECT_KIND = "phone_task"

    class State(models.TextChoices):
        OPEN = "open", _("待回電")
        DONE = "done", _("已回電")
        CANCELLED = "cancelled", _("已取消")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="phone_tasks")
    agency = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="one_open_phone_task"),
        )
        indexes = (models.Index(fields=["agency"], condition=Q(state="open"), name="phone_task_open"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.state}"


class CaseTask(models.Model):
    """Something owed to a case beside its clocks, as the pack's task rule ``code`` says (``policy.tasks``).

    A telephone notice that must be recorded (KM-7-1b), a delivery that failed (NT-4-1-2), a dunning to be
    passed on (TP-6-3-4c). ``agency`` owes it; what was entered stands in the fields that the rule asks for.
    """

    SUBJECT_KIND = "case_task"

    class State(models.TextChoices):
        OPEN = "open", _("待辦")
        DONE = "done", _("已辦")
        CANCELLED = "cancelled", _("毋庸辦理")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    code = models.CharField(max_length=32)
    agency = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.BigIntegerField(null=True)
    person = models.CharField(_("接洽人員"), max_length=80, blank=True)
    at = models.DateTimeField(_("時間"), null=True)
    text = models.TextField(_("內容"), blank=True)
    reference = models.CharField(_("文號"), max_length=80, blank=True)
    date = models.DateField(_("日期"), null=True)
    authority = models.CharField(_("機關"), max_length=120, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "code"], condition=Q(state="open"), name="one_open_task_of_a_code"
            ),
        )
        indexes = (
            models.Index(fields=["agency", "due_at"], condition=Q(state="open"), name="case_task_open"),
            models.Index(fields=["case", "code"], name="case_task_case"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}:{self.code}:{self.state}"


class PhoneRecord(models.Model):
    """Who telephoned the citizen, when, and what was said (NT-5-4-4d, NT-5-4-4e).

    ``staff_id`` opened the number at ``opened_at``; the record is complete once ``content`` is entered.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="phone_records")
    staff_id = models.BigIntegerField()
    caller = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    callee = EncryptedTextField(null=True, blank=True)
    at = models.DateTimeField(null=True)
    content = models.TextField(blank=True)
    reached = models.BooleanField(null=True)

    class Meta:
        indexes = (models.Index(fields=["case", "staff_id"], name="phone_case_staff"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.staff_id}"


class CaseReply(models.Model):
    """What the agency's people told the citizen themselves: by which way, when, with which words (KM-6-1d).

    A call for which the citizen's number was opened is a ``PhoneRecord``; here is what was answered by letter
    or otherwise. ``reference`` is the letter's number.
    """

    class Way(models.TextChoices):
        PHONE = "phone", _("電話")
        LETTER = "letter", _("信函")
        EMAIL = "email", _("電子郵件")
        VISIT = "visit", _("當面")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="replies")
    way = models.CharField(_("回覆方式"), max_length=8, choices=Way)
    at = models.DateTimeField(_("回覆時間"))
    content = models.TextField(_("回覆內容"))
    reference = models.CharField(_("發文字號"), max_length=80, blank=True)
    staff_id = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.case_id}:{self.way}"


class CaseFile(models.Model):
    """A photo or document of a case; the content is ``base.files.StoredFile``."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="files")
    file_id = models.BigIntegerField(unique=True)
    caption = models.CharField(max_length=120, blank=True)
    added_by = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.case_id}:{self.file_id}"


class DelayAnalysis(models.Model):
    """Why a case was late, found by the agency's evaluator (NT-5-4-8b)."""

    SUBJECT_KIND = "delay_analysis"

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="delay_analysis")
    agency = models.CharField(max_length=64)
    cause = models.CharField(max_length=32)
    text = models.TextField()
    analysed_by = models.BigIntegerField(null=True)
    analysed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["agency", "analysed_at"], name="delay_agency"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.cause}"


class Prevention(models.Model):
    """A measure against recurrence, tied to item and place (NT-5-4-9b)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="preventions")
    agency = models.CharField(max_length=64)
    cause_group = models.CharField(max_length=64)
    addr_key = models.CharField(max_length=200)
    text = models.TextField()
    added_by = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["cause_group", "addr_key"], name="prevention_place"),)

    def __str__(self) -> str:
        return f"{self.cause_group}@{self.addr_key}"


class UnfoundedLetter(models.Model):
    """The agency's reasoned letter about a place reported in vain again and again (NT-5-4-10a/b).

    ``offered`` when the pack's number of findings in a row is reached, ``sent`` by the agency,
    ``received`` by the commission: from then the same matter becomes what the pack says.
    """

    SUBJECT_KIND = "unfounded_letter"

    class State(models.TextChoices):
        OFFERED = "offered", _("可函復")
        SENT = "sent", _("已函送研考會")
        RECEIVED = "received", _("研考會已收")
        REVOKED = "revoked", _("已取消")

    agency = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    cause_group = models.CharField(max_length=64)
    addr_key = models.CharField(max_length=200)
    address = models.CharField(max_length=200)
    last_case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="unfounded_letters")
    state = models.CharField(max_length=8, choices=State, default=State.OFFERED)
    reasons = models.TextField(blank=True)
    signed_by = models.BigIntegerField(null=True)
    offered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cause_group", "addr_key"],
                condition=~Q(state="revoked"),
                name="one_letter_per_place_and_cause",
            ),
        )
        indexes = (models.Index(fields=["agency", "state"], name="letter_agency_state"),)

    def __str__(self) -> str:
        return f"{self.cause_group}@{self.addr_key}:{self.state}"


class Incident(models.Model):
    """Something that must be looked into later: a report in another's name, a case closed too early.

    ``not_reported_by_holder`` is kept for false-report handling (NT-8-1b); ``closed_too_early``
    is a counted violation of the agency (NT-5-4-9c).
    """

    class Kind(models.TextChoices):
        NOT_REPORTED = "not_reported_by_holder", _("門號持有人未反映")
        CLOSED_EARLY = "closed_too_early", _("未辦畢先結案")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="incidents")
    agency = models.CharField(max_length=64)
    kind = models.CharField(max_length=32, choices=Kind)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["kind", "at"], name="incident_kind"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.kind}"


class LookupFailure(models.Model):
    """A public look-up with a wrong number or code, kept for a day so that codes cannot be guessed."""

    number = models.CharField(max_length=24)
    ip = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["number", "at"], name="lookup_number"),
            models.Index(fields=["ip", "at"], name="lookup_ip"),
        )

    def __str__(self) -> str:
        return self.number


class Outage(models.Model):
    """A time in which cases could not be sent by the system (NT-5-4-3a/b)."""

    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    declared_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(models.Value(1), condition=Q(until__isnull=True), name="one_open_outage"),
        )

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M}"
