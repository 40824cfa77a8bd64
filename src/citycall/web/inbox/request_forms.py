"""What is typed for a request, a decision on it, a joint answer, a position, a follow-up, a conversion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.people.queries import agencies_with
from citycall.policy.requests import RequestRule
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.services.cases.commands.request_checks import last_day
from citycall.services.cases.models import CaseJoin, CaseRequest
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.requests import joined_findings
from citycall.web.inbox.forms import ActForm, Files, ManyFiles, not_before
from citycall.web.ui.forms import Day, LocalTime, mark
from citycall.web.ui.words import day_said, named

PAPERS = "application/pdf,image/jpeg,image/png,image/webp"
LARGE = {"rows": 3}


def agency_choices(but: str = "") -> list[tuple[str, str]]:
    """The agencies that take cases, without one of them."""
    found = agencies_with(TAKES_CASES)
    return [(one.code, named((one.name_zh, one.name_en or one.name_zh))) for one in found if one.code != but]


class MakeForm(ActForm):
    """A request: the reason, and what its rule asks for."""

    command, done = "cases.make_request", _("已提出申請，決定前案件照常辦理。")
    ground = forms.ChoiceField(label=_("事由"), widget=forms.RadioSelect)
    agency = forms.ChoiceField(label=_("應屬權責的機關"), required=False)
    authority = forms.CharField(
        label=_("府外權責機關"),
        required=False,
        max_length=120,
        help_text=_("非本府機關權責時填寫，例如：交通部高速公路局。"),
    )
    agencies = forms.MultipleChoiceField(
        label=_("相關機關"), required=False, widget=forms.CheckboxSelectMultiple
    )
    place = forms.CharField(label=_("地點"), required=False, max_length=200)
    attempt_at = LocalTime(label=_("聯繫民眾的時間"), required=False)
    attempt = forms.CharField(
        label=_("聯繫情形"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("例如：去電三次無人接聽。請勿寫入民眾的姓名或電話。"),
    )
    until = Day(label=_("展延至"), required=False)
    site_inspection = forms.BooleanField(label=_("需現場勘查始能認定權責"), required=False)
    reason = forms.CharField(
        label=_("理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs=LARGE)
    )
    consent_level = forms.ChoiceField(label=_("同意層級"), widget=forms.RadioSelect)
    consent_person = forms.CharField(
        label=_("同意人員"), max_length=80, help_text=_("簽報同意者的姓名職稱。")
    )
    consent_date = Day(label=_("同意日期"))
    memo = ManyFiles(label=_("簽陳"), widget=Files(attrs={"accept": PAPERS}), help_text=_("PDF 或照片。"))

    def __init__(self, *args: Any, rule: RequestRule, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(*args, **kwargs)

    def prepare(self, detail: CaseDetail) -> None:
        rule = self.rule
        others = agency_choices(detail.case.agency)
        self.choose("agency", [("", gettext("（請選擇）")), *others])
        self.choose("agencies", others)
        self.choose("ground", [(one.code, named(one.name)) for one in rule.grounds])
        self.choose("consent_level", [(one.code, named(one.name)) for one in rule.consents])
        if len(rule.consents) == 1:
            self.fields["consent_level"].initial = rule.consents[0].code
        today = clock.local(clock.now()).date()
        self.fields["consent_date"].initial = today
        if rule.effect == "extend":
            last = last_day(rule, detail.case, clock.now())
            self.fields["until"].required = "until" in rule.asks
            if last is not None:
                self.fields["until"].help_text = gettext("最遲 %(day)s。") % {"day": day_said(last)}
                self.fields["until"].widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}
        self._keep_asked()

    def _keep_asked(self) -> None:
        """Leave out what neither rule nor ground asks for; of the rest say for which ground it is."""
        parts = {
            "agency": ("agency",),
            "agencies": ("agencies",),
            "place": ("place",),
            "attempt": ("attempt", "attempt_at"),
            "until": ("until",),
            "consent": ("consent_level", "consent_person", "consent_date"),
            "memo": ("memo",),
        }
        for part, names in parts.items():
            always = part in self.rule.asks
            for_some = [named(one.name) for one in self.rule.grounds if part in one.asks]
            offered = part == "agency" and self.rule.effect == "reassign"  # named by who knows it
            for name in names:
                if always:
                    self.fields[name].required = True
                elif for_some:
                    field = self.fields[name]
                    said = gettext("選「%(choices)s」時必填。") % {"choices": "、".join(for_some)}
                    field.help_text = f"{said}{field.help_text}" if field.help_text else said
                elif not offered:
                    del self.fields[name]
        if not self.rule.grounds:
            del self.fields["ground"]
        if self.rule.effect != "release":
            del self.fields["authority"]
        if not any(window.site_inspection for window in self.rule.windows):
            del self.fields["site_inspection"]

    def clean_attempt_at(self) -> Any:
        return not_before(self.cleaned_data["attempt_at"], self.detail.case.established_at)

    def said(self) -> str:
        """What is said when it is sent: a direct one waits for nobody."""
        if self.rule.direct:
            return gettext("「%(name)s」已生效。") % {"name": named(self.rule.name)}
        return str(self.done)

    def values(self) -> dict[str, Any]:
        return {**super().values(), "rule": self.rule.code}


class DecideForm(ActForm):
    """Consent or not; where it is consented to, which agencies or which day."""

    command, done = "cases.decide_request", _("已決定，並通知申請機關。")
    agency = forms.ChoiceField(label=_("改由"), required=False)
    agencies = forms.MultipleChoiceField(
        label=_("加入機關"), required=False, widget=forms.CheckboxSelectMultiple
    )
    authority = forms.CharField(
        label=_("或府外權責機關"),
        required=False,
        max_length=120,
        help_text=_("非屬本府任何機關者填寫；原派工機關須於期限內函請辦理。"),
    )
    until = Day(label=_("展延至"), required=False)
    reason = forms.CharField(
        label=_("決定理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs=LARGE)
    )

    def __init__(self, *args: Any, rule: RequestRule, asked: CaseRequest, **kwargs: Any) -> None:
        self.rule, self.asked = rule, asked
        super().__init__(*args, **kwargs)

    def prepare(self, detail: CaseDetail) -> None:
        effect = self.rule.effect
        proposed = list(self.asked.proposed)
        one = effect in ("reassign", "dispute", "release")
        if effect == "release":
            self.choose("agency", [("", gettext("（未指定）")), *agency_choices(detail.case.agency)])
            self.fields["agency"].initial = proposed[0] if proposed else ""
            self.fields["agency"].label = gettext("應屬權責機關")
            self.fields["authority"].initial = "" if proposed else self.asked.authority
        else:
            del self.fields["authority"]
        if effect in ("reassign", "dispute"):
            but = detail.case.agency if effect == "reassign" else ""
            self.choose("agency", [("", gettext("（請選擇）")), *agency_choices(but)])
            self.fields["agency"].initial = proposed[0] if proposed and effect == "reassign" else ""
            mark(self.fields["agency"], must=True)  # consent names it; a refusal does not
            if effect == "dispute":
                self.fields["agency"].label = pgettext("ruling", "裁示由何機關負責")
        elif not one:
            del self.fields["agency"]
        if effect == "join":
            self.choose("agencies", agency_choices(detail.case.agency))
            self.fields["agencies"].initial = proposed
        else:
            del self.fields["agencies"]
        if effect == "extend":
            self.fields["until"].initial = self.asked.until
        else:
            del self.fields["until"]

    def values(self) -> dict[str, Any]:
        found = super().values()
        approve = str(self.data.get("approve", "")) == "yes"
        if not approve:
            found = {"reason": found["reason"], **({"seen": found["seen"]} if "seen" in found else {})}
        elif found.get("until") == self.asked.until:
            found.pop("until", None)
        return {**found, "approve": approve, "case_request": self.asked.pk}


class OfRequestForm(ActForm):
    """A form on one request that was made about a case."""

    def __init__(self, *args: Any, asked: CaseRequest, **kwargs: Any) -> None:
        self.asked = asked
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        return {**super().values(), "case_request": self.asked.pk}


class WithdrawRequestForm(OfRequestForm):
    command, done = "cases.withdraw_request", _("已撤回申請。")
    reason = forms.CharField(
        label=_("撤回理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs=LARGE)
    )


class PositionForm(OfRequestForm):
    command, done = "cases.state_position", _("已陳述主張，裁示前可再修改。")
    text = forms.CharField(
        label=_("本機關的主張"),
        min_length=2,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("為什麼是或不是本機關的權責，依據什麼規定。"),
    )


class AnswerForm(ActForm):
    """What a joined agency owes: a result with what was found, or its words in a consultation."""

    command, done = "cases.answer_join", _("已填報，主政機關會收到通知。")
    finding = forms.ChoiceField(label=_("查處情形"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("本機關部分的辦理結果"),
        min_length=2,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("由主政機關一併回覆民眾。請勿寫入民眾的姓名或電話。"),
    )

    def __init__(self, *args: Any, join: CaseJoin | None, **kwargs: Any) -> None:
        self.join = join
        super().__init__(*args, **kwargs)

    def prepare(self, detail: CaseDetail) -> None:
        found = joined_findings(detail.pack, detail.case, self.join) if self.join is not None else []
        if found:
            self.choose("finding", [(one.code, named(one.name)) for one in found])
        else:
            del self.fields["finding"]
            self.fields["text"].label = gettext("本機關的意見")


class FollowForm(ActForm):
    command, done = "cases.follow_up", _("已登錄追蹤情形。")
    text = forms.CharField(
        label=_("府外機關辦理情形"), min_length=2, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    outcome = forms.BooleanField(label=_("已有結果"), required=False, help_text=_("勾選後不再提醒追蹤。"))
    next_on = Day(label=_("下次追蹤日期"), required=False, help_text=_("尚無結果時必填。"))


class ConvertForm(ActForm):
    command, done = "cases.convert", _("已改以陳情案件錄案並分派。")
    agency = forms.ChoiceField(label=_("分派機關"))
    category = forms.ChoiceField(label=_("陳情類別"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("說明"), required=False, max_length=1000, widget=forms.Textarea(attrs=LARGE)
    )

    def prepare(self, detail: CaseDetail) -> None:
        self.choose("agency", [("", gettext("（請選擇）")), *agency_choices(detail.case.agency)])
        proposed = [one.proposed for one in detail.requests if one.effect == "release" and one.proposed]
        if proposed:
            self.fields["agency"].initial = proposed[-1][0]
        release = detail.pack.kinds[detail.case.kind].release
        becomes = release.becomes if release is not None else None
        categories = detail.pack.kinds[becomes].categories if becomes else ()
        if categories:
            self.choose("category", [(one.code, named(one.name)) for one in categories])
        else:
            del self.fields["category"]
