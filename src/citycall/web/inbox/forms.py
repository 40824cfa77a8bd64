"""What is typed about a case. Each form says which command it fills in and with what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.policy.kinds import Choice
from citycall.services.cases.commands.completion import letter_owed, nobody_asked, required_of
from citycall.services.cases.queries import CaseDetail
from citycall.web.inbox.particulars import Particulars
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import KeyedForm, LocalTime, SeenForm, mark
from citycall.web.ui.words import named

PICTURES = "image/jpeg,image/png,image/webp"


def choices_of(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    return [(one.code, named(one.name)) for one in choices]


def local_minute(at: datetime) -> datetime:
    return clock.local(at).replace(second=0, microsecond=0, tzinfo=None)


def not_before(at: datetime | None, earliest: datetime) -> datetime | None:
    """A minute as typed begins before what happened within it; then the later instant is meant."""
    if at is not None and local_minute(at) == local_minute(earliest):
        return max(at, earliest)
    return at


class Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Several files; what they are is judged by the command, by their content."""

    widget = Files
    needed = True  # one of those of a form: which, is asked of the form

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(ManyFiles, self).clean(each, initial) for each in data or []]


class ActForm(SeenForm, KeyedForm):
    """A form on a case. `done` is said when the command has run."""

    command: ClassVar[str]
    done: ClassVar[Promise]
    names: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, detail: CaseDetail, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.detail = detail
        self.fields["seen"].initial = detail.seen
        self.prepare(detail)

    def prepare(self, detail: CaseDetail) -> None:
        """Fill in choices and defaults from the case."""

    def values(self) -> dict[str, Any]:
        """What the command is given besides the case."""
        return {name: value for name, value in self.typed().items() if value not in (None, "")}

    def choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        offer(self, name, choices)


class NoteForm(ActForm):
    command, done = "cases.add_finding", _("已記錄。")
    text = forms.CharField(
        label=_("現場記錄"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True}),
        help_text=_("看到什麼、做了什麼。請勿寫入民眾的姓名或電話。"),
    )


class PhotosForm(ActForm):
    command, done = "cases.add_photos", _("已加入附件。")
    names: ClassVar[dict[str, str]] = {"uploads": "documents"}
    camera = ManyFiles(
        label=_("拍照"),
        required=False,
        widget=Files(attrs={"accept": PICTURES, "capture": "environment"}),
    )
    documents = ManyFiles(
        label=_("選擇照片或文件"),
        required=False,
        widget=Files(attrs={"accept": f"{PICTURES},application/pdf"}),
        help_text=_("可一次選多張，最多 10 個，每個 20 MB 以內。照片的拍攝位置會自動移除。"),
    )
    caption = forms.CharField(
        label=_("說明"), required=False, max_length=120, help_text=_("例如：施工前、施工後。")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [*data.get("camera", []), *data.get("documents", [])]
        if not given and not self.errors:
            self.add_error("documents", gettext("請拍照或選擇至少一個檔案。"))
        return data

    def values(self) -> dict[str, Any]:
        uploads: list[UploadedFile] = [*self.cleaned_data["camera"], *self.cleaned_data["documents"]]
        return {"uploads": uploads, "caption": self.cleaned_data["caption"]}


class StageForm(ActForm):
    command, done = "cases.request_stage", _("已送話務中心審核，同意前期限不變。")
    to = forms.ChoiceField(label=_("改列為"), widget=forms.RadioSelect)
    days = forms.IntegerField(
        label=_("第二階段需要幾日"),
        required=False,
        min_value=1,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    reason = forms.CharField(
        label=_("無法即時處理的理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def prepare(self, detail: CaseDetail) -> None:
        kind = detail.pack.kinds[detail.case.kind]
        language = get_language() or "zh-hant"
        choices = []
        least, most = kind.second_stage_limits(detail.pack.items.get(detail.case.item))
        if "second" in kind.stages and detail.case.stage != "second":
            if least is not None and most is not None:
                self.fields["days"].help_text = gettext("第二階段可申請 %(least)s 至 %(most)s。") % {
                    "least": least.words(language),
                    "most": most.words(language),
                }
            choices.append(("second", gettext("第二階段處理時限")))
        if "ordinary" in kind.stages and detail.case.stage != "ordinary":
            choices.append(("ordinary", gettext("一般案件處理時限")))
        self.choose("to", choices)
        self.fields["to"].initial = choices[0][0] if choices else None
        offered = [code for code, _label in choices]  # the days go with the second stage alone
        alone = offered == ["second"]
        mark(self.fields["days"], must=alone, needed=not alone)

    def values(self) -> dict[str, Any]:
        found = super().values()
        if found.get("to") != "second":
            found.pop("days", None)
        return found


class ExplainForm(ActForm):
    command, done = "cases.explain_delay", _("已敘明逾期理由。")
    reason = forms.CharField(
        label=_("無法依限完成的理由"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        help_text=_("研考人員會依此分析逾期原因。"),
    )

    def prepare(self, detail: CaseDetail) -> None:
        self.fields["reason"].initial = detail.case.late_reason


class PreventionForm(ActForm):
    command, done = "cases.add_prevention", _("已登錄，這個地點的下一件案件會顯示。")
    text = forms.CharField(
        label=_("防止再次發生的措施"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        help_text=_("會連結到這個地點與事由，下次再有人反映時第一個看到。"),
    )


class CompleteForm(Particulars, ActForm):
    command, done = "cases.complete", _("已登錄辦畢。")
    finding = forms.ChoiceField(label=_("查處情形"), widget=forms.RadioSelect)
    result = forms.CharField(
        label=_("辦理結果"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("做了什麼。民眾查詢時會看到這段文字，請勿寫入個人資料。"),
    )
    done_at = LocalTime(label=_("實際辦畢時間"))
    late_reason = forms.CharField(
        label=_("逾期理由"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("案件已逾限，請敘明理由。"),
    )
    prevention = forms.CharField(
        label=_("防止再次發生的措施"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    no_reply = forms.CharField(
        label=_("不回覆的理由"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("民眾留有聯絡方式；沒有擬具回覆稿時，請敘明理由。"),
    )

    field_order = (
        "finding", "result", *Particulars.base_fields, "done_at", "late_reason", "prevention", "no_reply",
    )  # fmt: skip

    def prepare(self, detail: CaseDetail) -> None:
        case = detail.case
        kind = detail.pack.kinds[case.kind]
        if not (nobody_asked(kind, case) or letter_owed(kind, case)):
            del self.fields["no_reply"]
        self.choose("finding", choices_of(kind.findings))
        self.keep_asked(kind.findings)
        wanted = required_of(kind, case)
        for name in ("finding", "result", "done_at"):
            self.fields[name].required = name in wanted
        self.fields["finding"].initial, self.fields["result"].initial = case.finding, case.result
        self.fields["done_at"].initial = local_minute(clock.now())
        late = case.due_at is not None and clock.now() > case.due_at
        if not late:
            del self.fields["late_reason"]
        else:
            self.fields["late_reason"].initial = case.late_reason
            self.fields["late_reason"].required = "late_reason" in kind.completion.late_requires
        self.fields["prevention"].required = "prevention" in wanted

    def clean_done_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["done_at"]
        case = self.detail.case
        return at if case.entered_late or case.notified_at else not_before(at, case.established_at)


class ReopenForm(ActForm):
    command, done = "cases.reopen", _("案件已重啟，已通知承辦機關。")
    reason = forms.CharField(
        label=_("重啟理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "autofocus": True})
    )
    closed_too_early = forms.BooleanField(
        label=_("未辦理完成即先結案"), required=False, help_text=_("會計入機關的違規次數。")
    )

    def values(self) -> dict[str, Any]:
        return self.typed()


class OpenPhoneForm(ActForm):
    command, done = "cases.open_phone", _("已開啟電話。")
    reason = forms.CharField(
        label=_("再次聯絡的理由"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class PhoneReplyForm(ActForm):
    command, done = "cases.record_phone_reply", _("電話紀錄已存。")
    reached = forms.TypedChoiceField(
        label=_("結果"),
        widget=forms.RadioSelect,
        choices=[("yes", _("已與民眾通話")), ("no", _("未接通"))],
        coerce=lambda value: value == "yes",
        initial="yes",
    )
    callee = forms.CharField(label=_("受話人"), max_length=80, help_text=_("接電話的人，例如：陳情人本人。"))
    at = LocalTime(label=_("通話時間"))
    content = forms.CharField(label=_("通話內容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))

    def prepare(self, detail: CaseDetail) -> None:
        self.fields["at"].initial = local_minute(clock.now())

    def clean_at(self) -> datetime | None:
        return not_before(self.cleaned_data["at"], self.detail.case.established_at)

    def values(self) -> dict[str, Any]:
        return self.typed()


class AnalyseForm(ActForm):
    command, done = "cases.analyse_delay", _("已登錄逾期原因分析。")
    cause = forms.ChoiceField(label=_("逾期原因"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("分析與改善"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("為什麼逾期、怎樣可以不再發生。研考會專案檢討時會看到。"),
    )

    def prepare(self, detail: CaseDetail) -> None:
        self.choose("cause", choices_of(detail.pack.kinds[detail.case.kind].delay_causes))
        if detail.delay is not None:
            self.fields["cause"].initial = detail.delay.cause
            self.fields["text"].initial = detail.delay.text


PROPOSALS = {
    "refuse": _("爾後不予受理"),
    "accept_with_conditions": _("有條件受理"),
}


class LetterForm(KeyedForm):
    """The letter to the commission: the reasons, and where the pack asks for them facts and proposal."""

    reasons = forms.CharField(
        label=_("查無違規或不當情事的理由"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}),
        help_text=_("函復以您的姓名具名送研考會。"),
    )
    facts = forms.CharField(
        label=_("處理事實經過"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )
    proposal = forms.ChoiceField(label=_("建議"), widget=forms.RadioSelect)
    conditions = forms.CharField(
        label=_("受理條件"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("建議有條件受理時填寫。"),
    )

    def __init__(self, *args: Any, decisions: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if decisions:
            choices = [(code, PROPOSALS[code]) for code in decisions]
            offer(self, "proposal", choices)
        else:
            for name in ("facts", "proposal", "conditions"):
                del self.fields[name]

    def letter(self) -> dict[str, str]:
        """What the letter says, as its command wants it."""
        wanted = ("reasons", "facts", "proposal", "conditions")
        return {name: self.cleaned_data[name] for name in wanted if name in self.cleaned_data}


class HolderForm(forms.Form):
    """Who holds a post from now on."""

    staff = forms.ChoiceField(label=_("改由"), required=False)
    username = forms.CharField(
        label=_("或其他同仁的帳號"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("名單上沒有的人，例如剛到任的同仁。"),
    )

    def __init__(self, *args: Any, colleagues: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "staff", [("", _("（請選擇）")), *colleagues, ("none", _("（暫時從缺）"))])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("staff")) == bool(data.get("username")):
            self.add_error("staff", gettext("請選一位同仁，或填寫帳號，擇一即可。"))
        return data
