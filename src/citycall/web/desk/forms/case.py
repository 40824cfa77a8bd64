"""The card: what the caller says of a case that is to be."""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from citycall.people.queries import agencies_with
from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.web.desk.forms.asked import LACKING, SOME_KINDS, fields_of, kind_meant, needed_of, point_of
from citycall.web.desk.forms.call import DuringCallForm
from citycall.web.ui import words
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import LocalTime

WAYS = (
    ("", _("依所留聯絡方式")),
    ("sms", _("手機簡訊")),
    ("email", _("電子郵件")),
    ("phone", _("電話回覆")),
    ("letter", _("書信")),
    ("none", _("不需回覆")),
)
CHANNELS = (
    ("phone", _("電話")),
    ("counter", _("臨櫃")),
    ("letter", _("書信")),
    ("web", _("網路")),
    ("box", _("意見箱")),
)


class CaseForm(DuringCallForm):
    """What the caller says, in the order in which callers say it."""

    OF_SOME_KINDS: tuple[str, ...] = SOME_KINDS
    OF_THE_REPORTER = ("marks", "reporter_address", "identity_refused")  # asked below name and telephone

    related = forms.CharField(label=_("相關案件"), widget=forms.HiddenInput, required=False, max_length=24)
    words = forms.CharField(
        label=_("民眾說什麼"),
        required=False,
        max_length=80,
        help_text=_("打幾個字就會找出服務項目，例如：燈不亮、坑洞"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    filed_as = forms.ChoiceField(label=_("案件類別"), required=False, widget=forms.RadioSelect)
    item = forms.CharField(label=_("服務項目"), required=False, max_length=64)
    agency = forms.ChoiceField(label=_("權責機關"), required=False, help_text=_("沒有服務項目時由您選擇"))
    category = forms.ChoiceField(label=_("陳情類別"), required=False)
    notified_at = LocalTime(label=_("電話通報時間"), required=False)
    notified_person = forms.CharField(
        label=_("受理通報人員"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    address = forms.CharField(
        label=_("地點"),
        required=False,
        max_length=200,
        help_text=_("門牌、路口或地標"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    district = forms.ChoiceField(label=_("行政區"), required=False)
    point = forms.CharField(
        label=_("定位點"),
        required=False,
        max_length=60,
        help_text=_("緯度, 經度，例如 25.0375, 121.5637"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("反映內容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    name = forms.CharField(
        label=_("姓名"), max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("電話"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("電子郵件"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    reply_by = forms.ChoiceField(label=_("希望的回覆方式"), choices=WAYS, required=False)
    channel = forms.ChoiceField(label=_("受理管道"), choices=CHANNELS, required=False)
    application = forms.CharField(
        label=_("申辦案號"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    marks = forms.MultipleChoiceField(label=_("註記"), required=False, widget=forms.CheckboxSelectMultiple)
    reporter_address = forms.CharField(
        label=_("民眾住址"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    identity_refused = forms.BooleanField(label=_("已詢問，報案人不願提供"), required=False)

    def __init__(self, pack: Pack, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pack = pack
        free = [(kind.code, kind.name) for kind in pack.kinds.values() if not kind.item_required]
        self._choose("district", _("由地址判斷"), [(one.code, one.name) for one in pack.districts])
        self._choose("filed_as", _("依服務項目") if pack.items else None, free)
        if free and not pack.items:
            self.initial.setdefault("filed_as", free[0][0])
        self._choose(
            "category",
            _("（請選擇）"),
            [(one.code, one.name) for kind in pack.kinds.values() for one in kind.categories],
        )
        offered = {way for kind in pack.kinds.values() for way in kind.reply.ways} | {"", "none"}
        offer(self, "reply_by", [(way, label) for way, label in WAYS if way in offered])
        marks = [(code, mark.name) for code, mark in pack.intake.marks.items()]
        offer(self, "marks", [(code, words.named(name)) for code, name in marks])
        if self.is_bound and self.data.get("kind") in dict(free):  # the kind that was offered stays chosen
            given = cast(QueryDict, self.data).copy()
            given["filed_as"] = str(given["kind"])
            self.data = given
        if not self._wanted("application"):
            del self.fields["application"]  # no kind of this government belongs to an application
        if self._wanted("agency"):
            agencies = agencies_with(TAKES_CASES)
            self._choose(
                "agency",
                _("（請選擇）"),
                [(one.code, (one.name_zh, one.name_en or one.name_zh)) for one in agencies],
            )

    def _choose(self, name: str, none: str | Promise | None, choices: list[tuple[str, Any]]) -> None:
        found: list[tuple[str, Any]] = [] if none is None else [("", none)]
        found += [(code, words.named(label)) for code, label in dict(choices).items()]
        offer(self, name, found)

    @property
    def asks(self) -> dict[str, list[str]]:
        """Which of the fields that not every case has are asked for, by kind; for the screen to show them."""
        return {code: fields_of(self.pack, kind) for code, kind in self.pack.kinds.items()}

    @property
    def needs(self) -> dict[str, dict[str, list[str]]]:
        """By kind, for the screen to mark: what it cannot do without, and what it wants of who reports."""
        return {
            code: {"always": needed_of(kind), "who": list(kind.identity.required)}
            for code, kind in self.pack.kinds.items()
        }

    def is_needed(self, name: str) -> bool:
        """Whether the case, as far as it has been said, cannot do without this field."""
        kind = self.kind()
        if kind is None:
            return name == "words" or self.fields[name].required
        item = self.pack.items.get(str(self["item"].value() or ""))
        if name == "agency" and item is not None:
            return False
        if name == "phone" and self._confirms(kind):
            return True
        return self.fields[name].required or name in (*needed_of(kind), *kind.identity.missing(item, {}))

    def _confirms(self, kind: CaseKind) -> bool:
        """Whether a mark is set for which who reports is rung back first (NT-8-2a)."""
        marks = self.pack.intake.marks_of(kind.code)
        return any(code in marks and marks[code].confirms for code in self["marks"].value() or ())

    @property
    def rung_back(self) -> str:
        """The marks with which a number is needed to ring back (NT-8-2a); for the screen to mark it."""
        return json.dumps([code for code, mark in self.pack.intake.marks.items() if mark.confirms])

    @property
    def ways(self) -> str:
        """By kind, how its reporters may wish to be answered; for the screen to offer no other."""
        return json.dumps({code: kind.reply.ways for code, kind in self.pack.kinds.items()})

    def marked(self, name: str) -> SafeString:
        """The label of a field with its mark, which the screen shows or hides as the kind changes."""
        return format_html(
            '{} <span class="needed" data-needed="{}"{}>{}</span>',
            self.fields[name].label or "",
            name,
            "" if self.is_needed(name) else SafeString(" hidden"),
            _("（必填）"),
        )

    @property
    def labels(self) -> dict[str, SafeString]:
        """The labels with their marks, by field."""
        return {name: self.marked(name) for name in self.fields}

    def _wanted(self, name: str) -> bool:
        return any(name in names for names in self.asks.values())

    @property
    def several_kinds(self) -> bool:
        """Whether something can be filed that is no service item."""
        return self._wanted("agency")

    def asked(self) -> list[tuple[forms.BoundField, SafeString]]:
        """The fields that only some kinds ask for, as far as this government has them, with their labels."""
        return [
            (self[name], self.marked(name))
            for name in self.OF_SOME_KINDS
            if self._wanted(name) and name in self.fields
        ]

    def unasked(self) -> list[str]:
        """The fields that this kind does not ask for: hidden, so nobody could mend what is wrong there."""
        kind = self.kind()
        asked = fields_of(self.pack, kind) if kind is not None else self.OF_SOME_KINDS
        return [name for name in self.OF_SOME_KINDS if name in self.fields and name not in asked]

    @property
    def named_kind(self) -> str:
        """The kind that was named: by the button that offers another one, or by choice."""
        pressed = self.data.get("kind") if self.is_bound else ""
        return str(pressed or self["filed_as"].value() or "")

    def kind(self) -> CaseKind | None:
        """The kind that the case is to be, as far as it has been said."""
        return kind_meant(self.pack, self.named_kind, str(self["item"].value() or ""))

    def clean(self) -> dict[str, Any]:
        """The item is chosen by its radio; what is wrong with it is said at the words that find it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind = self.kind()
        for name in self.unasked():
            self.errors.pop(name, None)
            data[name] = self.fields[name].clean(None)
        if not data.get("item") and (kind is None or kind.item_required):
            self.add_error("words", _("請選擇服務項目。"))
        elif (
            not data.get("item")
            and not data.get("agency")
            and "agency" not in self.errors
            and not (kind and kind.owner)
        ):
            self.add_error("agency", _("沒有服務項目時，請選擇權責機關。"))
        for name, message in LACKING.items():
            if (
                kind is not None
                and name in needed_of(kind)
                and not data.get(name)
                and name not in self.errors
            ):
                self.add_error(name, message)
        if data.get("point") and point_of(data["point"]) is None:
            self.add_error("point", _("請填緯度與經度，例如 25.0375, 121.5637。"))
        lacks_place = not data.get("address") and not data.get("point")
        if (kind is None or kind.place_required) and lacks_place and "address" not in self.errors:
            self.add_error("address", forms.Field.default_error_messages["required"])
        return data

    def command_input(self) -> dict[str, Any]:
        """The typed values as ``cases.establish`` takes them."""
        data = self.cleaned_data
        kind = self.kind()
        marks = self.pack.intake.marks_of(kind.code) if kind else {}
        place: dict[str, Any] = {"address": data["address"], "district": data["district"]}
        if (point := point_of(data["point"])) is not None:
            place |= {"lat": point.lat, "lon": point.lon}
        return {
            "kind": self.named_kind or None,
            "item": data["item"] or None,
            "agency": data["agency"] or None if not data["item"] else None,
            "category": data["category"] or None,
            "notified_at": data["notified_at"],
            "notified_person": data["notified_person"],
            "description": data["description"],
            "place": place if data["address"] or point else None,
            "reporter": {
                "name": data["name"],
                "phone": data["phone"],
                "email": data["email"],
                "address": data["reporter_address"],
            },
            "marks": [code for code in data["marks"] if code in marks],
            "identity_refused": data["identity_refused"],
            "identity_check": data["identity_check"] or None,
            "channel": data["channel"] or "phone",
            "application": data.get("application", ""),
            "reply_by": data["reply_by"] or None,
            "call_id": data["call"] or None,
        }
