"""What goes into a draft: the value of a setting, a table of items, a whole file."""

from __future__ import annotations

import hashlib
import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import policies
from citycall.base.commands import Refused, not_found
from citycall.base.policies import PolicyVersion
from citycall.oversight import items as table_of_items
from citycall.oversight import tables
from citycall.oversight.changes import between, draft_of, edits_of, items_of, open_cases_of
from citycall.oversight.edits import ITEMS, own_files, table_in_force
from citycall.oversight.inputs import ProposeChange
from citycall.oversight.models import PolicyChange
from citycall.oversight.policy_commands import look_at_items, propose_change
from citycall.oversight.tables import TableError
from citycall.people.queries import agency_names
from citycall.policy import PackError
from citycall.web.access import staff_view
from citycall.web.oversight.access import POLICY_READERS, sections
from citycall.web.oversight.policy_forms import FileForm, ItemsForm, TakeItemsForm
from citycall.web.oversight.rule_words import plain
from citycall.web.oversight.rules import cited, needed_parts, quotes, topic
from citycall.web.oversight.values import ValueForm
from citycall.web.oversight.views.changes import at_the_draft, editable, item_lines
from citycall.web.oversight.views.policy import version_for
from citycall.web.request import StaffRequest
from citycall.web.request import plain as readable
from citycall.web.ui.words import named

MOST_TOLD = 50


def _mend_first(found: PolicyChange) -> HttpResponse:
    """A draft that is no longer sound: its own page says what is wrong."""
    return redirect("oversight:change", found.pk)


@require_safe
@staff_view(roles=POLICY_READERS)
@at_the_draft
def choose(request: StaffRequest, change: int) -> HttpResponse:
    """Every setting and reading, to choose the one to change."""
    found = editable(request, change)
    try:
        pack = draft_of(found).after
    except PackError:
        return _mend_first(found)
    wanted = readable(request.GET.get("q", ""))[:80].strip()
    names = agency_names()
    return render(
        request,
        "oversight/policy_choose.html",
        {
            "sections": sections(request.actor, "policy"),
            "change": found,
            "topics": [topic(pack, "settings", names, wanted), topic(pack, "readings", names, wanted)],
            "wanted": wanted,
            "files": list(own_files(policies.with_files(found.base))),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS)
@at_the_draft
def value(request: StaffRequest, change: int, table: str, slug: str) -> HttpResponse:
    """The new value of one setting or reading."""
    found = editable(request, change)
    if table not in ("settings", "readings"):
        raise not_found()
    try:
        draft = draft_of(found)
    except PackError:
        return _mend_first(found)
    entry = next(
        (one for _h, group in topic(draft.after, table, {}).groups for one in group if one.code == slug), None
    )
    if entry is None:
        raise not_found()
    now = getattr(draft.after, table).get(slug)
    says = now.says if now is not None else None
    form = ValueForm(
        request.POST or None,
        table=table,
        slug=slug,
        value=plain(now.value) if now is not None else None,
        zh=says.zh if says else "",
        en=says.en if says else "",
        needed=needed_parts(draft.after, table, slug),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = {"change": found.pk, table: [form.edit()]}
            try:
                propose_change(request.actor, given)
            except Refused as refused:
                if refused.status in (403, 404):
                    raise
                status = refused.status
                for key, said in refused.fields.items() or [("", refused.message)]:
                    field = form.place(key)
                    short = refused.info.get("expected") if field else None
                    form.add_error(field or None, _("不符規則：%(why)s") % {"why": short} if short else said)
            else:
                messages.success(request, _("已加入草案：%(what)s") % {"what": entry.title})
                return redirect("oversight:change", found.pk)
    before = getattr(draft.before, table).get(slug)
    context = {
        "sections": sections(request.actor, "policy"),
        "change": found,
        "entry": entry,
        "form": form,
        "said_before": named(before.says) if before is not None and before.says else "",
        "clauses": cited(now.clauses if now is not None else (), quotes(draft.after)),
    }
    return render(request, "oversight/policy_value.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS)
@at_the_draft
def items(request: StaffRequest, change: int) -> HttpResponse:
    """A table of items: first what it would change, then, confirmed, it is read into the draft."""
    found = editable(request, change)
    if request.method == "POST" and "rows" in request.POST:
        return _confirmed(request, found)
    form = ItemsForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sheet = table_of_items.read(form.content())
            except TableError as error:
                form.add_error("table", str(error))
            else:
                problems = [str(one) for one in sheet.problems]
                if not problems:
                    for remark in sheet.remarks:
                        messages.warning(request, remark)
                    try:
                        return _looked(request, found, sheet.rows)
                    except Refused as refused:
                        if refused.status in (403, 404):
                            raise
                        form.add_error("table", refused.message)
                        problems, status = list(refused.fields.values()), refused.status
    context = {
        "sections": sections(request.actor, "policy"),
        "change": found,
        "form": form,
        "problems": problems[:MOST_TOLD],
        "columns": [
            (name, label, table_of_items.EXPECTED.get(name, ""))
            for name, label in table_of_items.LABELS.items()
        ],
    }
    return render(request, "oversight/policy_items.html", context, status=status)


Rows = list[tuple[int, dict[str, str]]]


def _proposal(found: PolicyChange, rows: Rows, *, complete: bool = False) -> ProposeChange:
    return ProposeChange.model_validate(
        {
            "change": found.pk,
            "items": [row for _number, row in rows],
            "rows": [number for number, _row in rows],
            "complete": complete,
        }
    )


def _looked(
    request: StaffRequest, found: PolicyChange, rows: Rows, form: TakeItemsForm | None = None
) -> HttpResponse:
    """What the rows would change: new, changed, and not in the file. Nothing is written yet."""
    look = look_at_items(found, _proposal(found, rows))
    if not look.cells and not look.missing:
        messages.success(request, _("表與現行的相同，沒有修正。"))
        return redirect("oversight:change", found.pk)
    before = items_of(found)
    after = {**before, **{code: {**before.get(code, {}), **row} for code, row in look.cells.items()}}
    told = item_lines(between(before, after))
    # Only what changes goes on, and the codes of the rest, so that what is missing is known.
    kept = [(number, {"code": row["code"], **look.cells.get(row["code"], {})}) for number, row in rows]
    form = form or TakeItemsForm(
        initial={"rows": json.dumps(kept, ensure_ascii=False)}, lacks=bool(look.missing)
    )
    open_now = open_cases_of(look.missing)
    context = {
        "sections": sections(request.actor, "policy"),
        "change": found,
        "form": form,
        "items": told,
        "added": sum(line["item"].kind == "added" for line in told),
        "changed": sum(line["item"].kind == "changed" for line in told),
        "ended": sum(line["item"].kind == "ended" for line in told),
        "missing": [
            (before[code].get("name_zh", code), code, open_now.get(code, 0)) for code in look.missing
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "oversight/policy_items_look.html", context, status=status)


def _confirmed(request: StaffRequest, found: PolicyChange) -> HttpResponse:
    """The rows that were looked at are read into the draft; what is not in them only where it was said."""
    try:
        rows: Rows = [(int(number), dict(row)) for number, row in json.loads(request.POST["rows"])]
        lacks = bool(look_at_items(found, _proposal(found, rows)).missing)
    except (ValueError, TypeError, OverflowError, RecursionError, Refused):
        # Not what was shown, or the draft has changed since.
        messages.error(request, _("草案已經不同，請重新選擇檔案。"))
        return redirect("oversight:change_items", found.pk)
    form = TakeItemsForm(request.POST, lacks=lacks)
    if not form.is_valid():
        return _looked(request, found, rows, form)
    propose_change(request.actor, _proposal(found, rows, complete=form.ends()))
    messages.success(request, _("項目表已讀入草案。"))
    return redirect("oversight:change", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS)
@at_the_draft
def file(request: StaffRequest, change: int, name: str) -> HttpResponse:
    """One file as a whole, for rules that are no setting: an error is told with file, line and key."""
    found = editable(request, change)
    base = policies.with_files(found.base)
    if name not in own_files(base):
        raise not_found()
    text = edits_of(found).files.get(name, own_files(base)[name])
    form = FileForm(request.POST or None, initial={"text": text})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            new = form.cleaned_data["text"].replace("\r\n", "\n")
            given = {"change": found.pk, "files": {name: new if new.endswith("\n") else f"{new}\n"}}
            try:
                propose_change(request.actor, given)
            except Refused as refused:
                if refused.status in (403, 404):
                    raise
                status = refused.status
                form.add_error("text", list(refused.fields.values()) or refused.message)
            else:
                messages.success(request, _("已加入草案：%(what)s") % {"what": name})
                return redirect("oversight:change", found.pk)
    context = {"sections": sections(request.actor, "policy"), "change": found, "form": form, "name": name}
    return render(request, "oversight/policy_file.html", context, status=status)


# --- the table of items as a file ------------------------------------------------------------------------


@require_safe
@staff_view(roles=POLICY_READERS)
def export(request: StaffRequest, form: str) -> HttpResponse:
    """The whole table of items of a version, or of a draft, as CSV, ODS or XLSX."""
    if form not in tables.FORMATS:
        raise not_found()
    number = request.GET.get("version", "")
    one: PolicyVersion = (
        version_for(int(number)) if number.isdecimal() and len(number) < 18 else policies.in_force()[0]
    )
    text = table_in_force(policies.with_files(one), ITEMS)
    described = request.GET.get("header") != "plain"
    content = table_of_items.export(text, form, described=described, title=_("服務項目"))
    tag = hashlib.sha256(one.version.encode()).hexdigest()[:6]
    name = one.version if one.version.isascii() and '"' not in one.version else tag
    response = HttpResponse(content, content_type=tables.MIME[form])
    response["Content-Disposition"] = f'attachment; filename="items-{one.code}-{name}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response
