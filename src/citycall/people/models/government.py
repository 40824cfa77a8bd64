"""Agencies, posts and who fills them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from citycall.people.models.staff import Staff

DEPUTY_RANKS = 3


class Government(models.Model):
    """The one government that this installation serves. There is at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    pack = models.CharField(max_length=60)
    sample = models.BooleanField()
    founded_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="people_one_government"),)

    def __str__(self) -> str:
        return self.pack


class Agency(models.Model):
    """An agency or unit of the government (機關)."""

    code = models.SlugField(max_length=40, primary_key=True)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20, default="agency")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="units")
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name_zh

    def name(self, lang: str) -> str:
        """The name in this language, or the Chinese one."""
        return self.name_en if lang.startswith("en") and self.name_en else self.name_zh


class Post(models.Model):
    """A place in an agency that matters and notices are addressed to, whoever holds it."""

    code = models.CharField(max_length=80, primary_key=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=40)
    name_zh = models.CharField(max_length=100, blank=True)
    name_en = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True, db_default="")  # of the office, for citizens to ring
    active = models.BooleanField(default=True)

    class Meta:
        indexes = (models.Index(fields=["agency", "role"], name="people_post_role"),)

    def __str__(self) -> str:
        return self.code


class Holding(models.Model):
    """Who holds a post, from when until when. At most one holder at a time."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="holdings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["post"], condition=Q(until=None), name="people_one_holder"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="people_holding_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.post_id}: {self.staff_id}"


class Deputy(models.Model):
    """Who stands in for a post, in order (代理順位)."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="deputies")
    rank = models.PositiveSmallIntegerField()
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="deputising")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["post", "rank"], name="people_deputy_rank"),
            models.UniqueConstraint(fields=["post", "staff"], name="people_deputy_once"),
            models.CheckConstraint(
                condition=Q(rank__gte=1, rank__lte=DEPUTY_RANKS), name="people_deputy_three"
            ),
        )

    def __str__(self) -> str:
        return f"{self.post_id} {self.rank}: {self.staff_id}"


class Leave(models.Model):
    """When somebody is away; their posts are the deputies' meanwhile."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="leaves")
    starts = models.DateTimeField()
    ends = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="people_leave_order"),)
        indexes = (models.Index(fields=["staff", "ends"], name="people_leave_now"),)

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.starts:%Y-%m-%d}"
