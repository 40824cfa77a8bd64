"""The row of a case, and the words for where it stands."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _


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
    MERGED = "merged", _("已併案")


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
    LETTER = "letter", _("書信")
    NONE = "none", _("不需回覆")


class Channel(models.TextChoices):
    """By which way the matter reached the city."""

    PHONE = "phone", _("電話")
    API = "api", _("系統介接")
    WEB = "web", _("網路")
    COUNTER = "counter", _("臨櫃")
    IMPORT = "import", _("匯入")
    LETTER = "letter", _("書信")
    BOX = "box", _("意見箱")


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
    assigned_at = models.DateTimeField(_("改分時間"), null=True)  # when it came to its present agency
    joint_late = models.BooleanField(_("併會逾期"), default=False, db_default=False)
    follow_up_on = models.DateField(_("追蹤日期"), null=True)  # of a matter that is with an outside authority
    outcome = models.TextField(_("府外機關辦理情形"), blank=True, db_default="")
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
    marks = models.JSONField(_("註記"), default=list, db_default=Value([], models.JSONField()))
    identity_refused = models.BooleanField(_("不願具名"), default=False, db_default=False)
    identity_check_id = models.BigIntegerField(null=True)  # who reports was rung back (NT-8-2a)
    application = models.CharField(_("申辦案號"), max_length=80, blank=True, db_default="")
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
    unprocessed_at = models.DateTimeField(_("不予處理日期"), null=True)
    unprocessed_by = models.BigIntegerField(null=True)
    unprocessed_ground = models.CharField(_("不予處理依據"), max_length=32, blank=True, db_default="")
    related_to = models.ForeignKey(
        "self",
        verbose_name=_("相關案件"),
        on_delete=models.PROTECT,
        null=True,
        related_name="related",
        db_index=False,  # few cases have one: see the partial index below
    )
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("併入案件"),
        on_delete=models.PROTECT,
        null=True,
        related_name="followers",
        db_index=False,
    )
    merged_at = models.DateTimeField(_("併案時間"), null=True)
    reports = models.PositiveIntegerField(_("通報件數"), default=1, db_default=1)
    repeat_of = models.ForeignKey(
        "self",
        verbose_name=_("同一事由之前案"),
        on_delete=models.PROTECT,
        null=True,
        related_name="repeats",
        db_index=False,
    )
    lat = models.FloatField(_("緯度"), null=True)
    lon = models.FloatField(_("經度"), null=True)
    accuracy_m = models.PositiveIntegerField(_("定位誤差（公尺）"), null=True)
    # The district that the point lies in, where the address says another one.
    point_district = models.CharField(_("定位點所在行政區"), max_length=16, blank=True, db_default="")
    cell = models.BigIntegerField(null=True)  # the square of the grid that the point lies in (policy.points)

    class Meta:
        indexes = (
            models.Index(F("agency"), F("status"), F("id").desc(), name="case_agency_status"),
            models.Index(F("status"), F("item"), F("id").desc(), name="case_status_item"),
            # None on due_at: a closure moves the limits of very many cases at once (ADR 0011).
            models.Index(F("cause_group"), F("addr_key"), F("id").desc(), name="case_place_cause"),
            models.Index(fields=["party_id"], name="case_party"),
            models.Index(fields=["related_to"], name="case_related", condition=Q(related_to__isnull=False)),
            models.Index(fields=["merged_into"], name="case_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["repeat_of"], name="case_repeat", condition=Q(repeat_of__isnull=False)),
            # What is near: open cases of one cause by the key of their place, and by square of the grid.
            models.Index(
                fields=["cause_group", "addr_key", "id"],
                name="case_open_place",
                condition=Q(status__in=OPEN_STATUSES),
            ),
            models.Index(
                fields=["cause_group", "cell", "id"],
                name="case_open_cell",
                condition=Q(status__in=OPEN_STATUSES, cell__isnull=False),
            ),
            models.Index(
                fields=["agency", "notified_at"],
                name="case_told_not_started",
                condition=Q(notified_at__isnull=False, status__in=["established", "acknowledged"]),
            ),
            models.Index(
                fields=["agency", "id"],
                name="case_intake_late",
                condition=Q(status__in=OPEN_STATUSES, registered_late=True),
            ),
            # Of what is open, the few that have a tray of their own.
            models.Index(
                fields=["agency", "-id"],
                name="case_overdue",
                condition=Q(status__in=OPEN_STATUSES, overdue=True),
            ),
            models.Index(
                fields=["taken_by", "-id"],
                name="case_taken",
                condition=Q(status__in=OPEN_STATUSES, taken_by__isnull=False),
            ),
            models.Index(
                fields=["agency", "-id"],
                name="case_reported",
                condition=Q(
                    status__in=OPEN_STATUSES, reported_back_at__isnull=False, completed_at__isnull=True
                ),
            ),
            models.Index(
                fields=["agency", "-id"],
                name="case_graded",
                condition=Q(status__in=OPEN_STATUSES) & ~Q(grade=""),
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
            models.CheckConstraint(
                name="case_merged_into_another",
                condition=Q(status="merged", merged_into__isnull=False)
                | ~Q(status="merged") & Q(merged_into=None),
                violation_error_message=_("併案須有併入之案件"),
            ),
        )

    def __str__(self) -> str:
        return self.number
