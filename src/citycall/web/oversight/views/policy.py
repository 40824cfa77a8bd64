"""The rules as they are: the version in force and every other, read by topic, searched, compared, printed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import clock, policies
from citycall.base.commands import not_found
from citycall.base.policies import PolicyVersion
from citycall.oversight.changes import approvers, changes_by_version, policy_changes
from citycall.oversight.models import PolicyChange
from citycall.people.queries import agency_names, staff_names
from citycall.policy import Pack
from citycall.policy.check import Difference, diff_packs
from citycall.web.access import staff_view
from citycall.web.oversight.access import POLICY_READERS, may_steer, sections, sees_changes
from citycall.web.oversight.rule_words import roles_named
from citycall.web.oversight.rules import OTHER_TOPICS, TOPICS, place_named, topic, value_named
from citycall.web.request import StaffRequest, plain
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import day_said, named, said

STATUS = {"in_force": "done", "sample": "warn", "repealed": "off"}
SHOWN_DIFFERENCES = 400
# Of the pack itself and not of its rules: these differ with every version.
_BESIDE = frozenset({"digest", "path", "version", "referred", "sources"})


@require_safe
@staff_view(roles=POLICY_READERS)
def in_force(request: StaffRequest) -> HttpResponse:
    """The rules in force."""
    return _read(request, policies.in_force()[0], current=True)


@require_safe
@staff_view(roles=POLICY_READERS)
def version(request: StaffRequest, version: int) -> HttpResponse:
    """One version of the rules, as it was or will be (HR-P6, TP-0b)."""
    return _read(request, version_for(version), current=False)


def version_for(pk: int) -> PolicyVersion:
    found = PolicyVersion.objects.defer("files").filter(pk=pk).first()
    if found is None:
        raise not_found()
    return found


def _read(request: StaffRequest, one: PolicyVersion, *, current: bool) -> HttpResponse:
    pack, names = policies.pack_of(one.pk), agency_names()
    wanted = plain(request.GET.get("q", ""))[:80].strip()
    asked = request.GET.get("topic", "settings")
    everything = asked == "all" or bool(wanted)
    shown = list(TOPICS) if everything else [asked if asked in TOPICS else "settings"]
    topics = [topic(pack, code, names, wanted) for code in shown]
    here = request.path
    standing = policies.in_force()[0]
    return render(
        request,
        "oversight/policy.html",
        {
            "sections": sections(request.actor, "policy"),
            "pack": pack,
            "version": one,
            "since": said(one.since) if one.since else "",
            "current": current or one.pk == standing.pk,
            "standing": standing,
            "status": status_words(pack),
            "head": head_of(pack, one),
            "change": changes_by_version().get(one.pk),
            "tabs": [
                *(
                    Tab(label, f"{here}?topic={code}", not everything and code in shown)
                    for code, label in TOPICS.items()
                ),
                Tab(_("全文"), f"{here}?topic=all", everything and not wanted),
            ],
            "topics": [one for one in topics if one.groups or not wanted],
            "everything": everything,
            "wanted": wanted,
            "proposes": one.pk == standing.pk and may_steer(request.actor, "oversight.propose_change"),
            "items_link": "items" in shown,
            "others": sees_changes(request.actor),
            "waiting": _waiting(request),
        },
    )


def _waiting(request: StaffRequest) -> int:
    """Changes that wait for approval, for those whom they concern."""
    return len(policy_changes([PolicyChange.State.SUBMITTED])) if sees_changes(request.actor) else 0


def status_words(pack: Pack) -> tuple[str, str]:
    """Where the document stands, and the shape of it."""
    said = {"in_force": _("現行"), "sample": _("示範"), "repealed": _("已停止適用")}
    return said[pack.status], STATUS[pack.status]


def head_of(pack: Pack, one: PolicyVersion) -> list[tuple[str, Any]]:
    """What the document is: its title, editions, end, who approves changes."""
    names = agency_names()
    roles, agency = approvers(pack)
    unit = names.get(pack.managing_unit, (pack.managing_unit, pack.managing_unit))
    found: list[tuple[str, Any]] = [(_("名稱"), pack.title or pack.source or named(pack.name))]
    today = clock.today()
    standing = pack.edition_on(today)
    for edition in pack.editions:
        note = named(edition.note) if edition.note else ""
        marks = f"（{_('目前版本')}）" if edition is standing else ""
        found.append((day_said(edition.since), f"{edition.document}　{note}{marks}".strip("　")))
    if pack.ends is not None:
        ending = _("%(day)s 起停止適用") % {"day": day_said(pack.ends)}
        found.append((_("停止適用"), f"{ending}　{pack.ended_by or ''}".strip("　")))
    found.append((_("主管單位"), named(unit)))
    found.append((_("修正核定"), f"{named(names.get(agency, (agency, agency)))} {roles_named(roles)}"))
    return found


# --- versions --------------------------------------------------------------------------------------------


@require_safe
@staff_view(roles=POLICY_READERS)
def versions(request: StaffRequest) -> HttpResponse:
    """Every version there was, is and will be, with who approved it and when (AE-10, HR-P6)."""
    found = policies.versions()
    standing, now = policies.in_force()[0], clock.now()
    changes = changes_by_version()
    people = staff_names({change.decided_by for change in changes.values()})
    lines = [
        {
            "version": one,
            "since": said(one.effective_from or one.loaded_at),
            "state": _state(one, standing, now),
            "change": changes.get(one.pk),
            "by": people.get(changes[one.pk].decided_by or 0, "") if one.pk in changes else "",
            "before": found[n + 1] if n + 1 < len(found) else None,
        }
        for n, one in enumerate(found)
    ]
    context = {
        "sections": sections(request.actor, "policy"),
        "lines": lines,
        "others": sees_changes(request.actor),
    }
    return render(request, "oversight/policy_versions.html", context)


def _state(one: PolicyVersion, standing: PolicyVersion, now: Any) -> tuple[str, str]:
    if one.state == PolicyVersion.State.REVOKED:
        return _("生效前撤回"), "off"
    if one.pk == standing.pk:
        return _("現行"), "done"
    return (_("尚未生效"), "info") if one.since and one.since > now else (_("舊版"), "neutral")


@require_safe
@staff_view(roles=POLICY_READERS)
def compare(request: StaffRequest) -> HttpResponse:
    """What differs between two versions, by topic."""
    known = {str(one.pk): one for one in policies.versions()}
    standing = policies.in_force()[0]
    after = known.get(request.GET.get("after", ""), standing)
    older = [one for one in known.values() if one.pk != after.pk]
    before = known.get(request.GET.get("before", ""), older[0] if older else after)
    first, second = policies.pack_of(before.pk), policies.pack_of(after.pk)
    return render(
        request,
        "oversight/policy_compare.html",
        {
            "sections": sections(request.actor, "policy"),
            "before": before,
            "after": after,
            "versions": list(known.items()),
            "swap": f"{reverse('oversight:compare')}?{urlencode({'before': after.pk, 'after': before.pk})}",
            **differences_of(diff_packs(first, second), first, second),
            "others": sees_changes(request.actor),
        },
    )


def differences_of(found: list[Difference], before: Pack, after: Pack) -> dict[str, Any]:
    """Differences under the headings of their topics, each with its place in words."""
    rules = [one for one in found if one.key.partition(".")[0] not in _BESIDE]
    labels, agencies = {**TOPICS, **OTHER_TOPICS}, agency_names() if rules else {}
    topics: dict[str, list[dict[str, Any]]] = {}
    for one in rules[:SHOWN_DIFFERENCES]:
        head = one.key.partition(".")[0]
        pack = after if one.before is None else before
        topics.setdefault(head if head in labels else "head", []).append(
            {
                "place": place_named(pack, one.key),
                "key": one.key,
                "before": "" if one.before is None else value_named(before, one.key, one.before, agencies),
                "after": "" if one.after is None else value_named(after, one.key, one.after, agencies),
            }
        )
    order = [code for code in labels if code in topics]
    return {
        "differences": [(str(labels[code]), topics[code]) for code in order],
        "difference_count": len(rules),
        "difference_rest": max(len(rules) - SHOWN_DIFFERENCES, 0),
    }
