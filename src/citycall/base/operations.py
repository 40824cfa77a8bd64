"""Commands of those who run the system: what was set aside gets another chance, on record."""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base import live, notices, portions, timers
from citycall.base.commands import Context, Input, Refused, RowId, command, not_found
from citycall.base.notices import Notice
from citycall.base.portions import Job
from citycall.base.timers import Timer


class OfTimer(Input):
    """One timer."""

    timer: RowId


class OfJob(Input):
    """One long work."""

    job: RowId


class OfNotice(Input):
    """One notice."""

    notice: RowId


@command("base.mend_timer", who=("admin", "system"))
def mend_timer(ctx: Context, data: OfTimer) -> None:
    """Give a timer that was set aside another chance, after its cause was removed."""
    ctx.audit("timer", data.timer)
    if timers.mend(data.timer):
        live.wake_worker()
    elif Timer.objects.filter(pk=data.timer).exists():
        raise Refused("not_broken", _("這個計時沒有被擱置。"), status=409)
    else:
        raise not_found()


@command("base.mend_job", who=("admin", "system"))
def mend_job(ctx: Context, data: OfJob) -> None:
    """Give a long work that was set aside, or portions of it, another chance, after the cause was removed."""
    ctx.audit("job", data.job)
    if portions.mend(data.job):
        live.wake_worker()
    elif Job.objects.filter(pk=data.job).exists():
        raise Refused("not_broken", _("這項背景作業沒有被擱置的部分。"), status=409)
    else:
        raise not_found()


@command("base.retry_notice", who=("admin", "system"))
def retry_notice(ctx: Context, data: OfNotice) -> None:
    """Send a notice that failed or could not be delivered once more, after its cause was removed."""
    ctx.audit("notice", data.notice)
    if notices.retry([data.notice]):
        live.wake_worker()
    elif Notice.objects.filter(pk=data.notice).exists():
        raise Refused("not_failed", _("這則通知沒有失敗。"), status=409)
    else:
        raise not_found()
