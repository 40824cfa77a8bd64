"""The city's colour, and the page that shows every component in each of its states."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from citycall.base import clock
from citycall.web.access import public_view, staff_view
from citycall.web.context import pack_in_force
from citycall.web.request import CityRequest, StaffRequest
from citycall.web.ui import accent, icons
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.templatetags.ui import SHAPES, Entry, Tab


@require_safe
@public_view
def city_sheet(request: CityRequest) -> HttpResponse:
    """The accent colours, from the one that the pack sets (`accent_colour`)."""
    pack = pack_in_force()
    colour = str(pack.setting("accent_colour", accent.DEFAULT)) if pack else accent.DEFAULT
    try:
        sheet = accent.sheet(colour)
    except ValueError:
        sheet = accent.sheet(accent.DEFAULT)
    return HttpResponse(sheet, content_type="text/css", headers={"Cache-Control": "public, max-age=300"})


class Sample(forms.Form):
    """A field of each sort."""

    words = forms.CharField(
        label=_("案情"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("市民怎麼說，就怎麼寫。")
    )
    place = forms.CharField(label=_("地點"), help_text=_("路名與門牌，或兩條路的路口。"))
    phone = forms.CharField(
        label=_("電話"), required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    item = forms.ChoiceField(
        label=_("派工項目"), choices=[("", "—"), ("1", _("路面坑洞")), ("2", _("路燈故障"))]
    )
    reply = forms.ChoiceField(
        label=_("回覆方式"),
        widget=forms.RadioSelect,
        choices=[("sms", _("簡訊")), ("phone", _("電話")), ("none", _("不用回覆"))],
    )
    agree = forms.BooleanField(label=_("已向市民說明案件編號"), required=False)
    photo = forms.FileField(
        label=_("照片"), required=False, help_text=_("JPEG、PNG、HEIC 或 PDF，每個 20 MB 以內。")
    )
    locked = forms.CharField(label=_("案號"), disabled=True, required=False, initial="F1150302-000123")


class SampleFilters(forms.Form):
    q = forms.CharField(label=_("找"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    status = forms.ChoiceField(
        label=_("狀態"), required=False, choices=[("", _("全部")), ("new", _("待簽收")), ("late", _("逾期"))]
    )
    district = forms.ChoiceField(
        label=_("行政區"), required=False, choices=[("", _("全部")), ("1", _("板橋區"))]
    )


COLUMNS = (
    Column("number", _("案號"), sort=True),
    Column("status", _("狀態")),
    Column("item", _("項目"), sort=True),
    Column("due", _("期限"), sort=True),
    Column("count", _("次數"), align="end"),
)


@require_safe
@staff_view
def components(request: StaffRequest) -> HttpResponse:
    """Every component in every state."""
    now = clock.now()

    def after(**length: float) -> Any:
        return now + timedelta(**length)

    state = ListState.of(request, COLUMNS, default="due", size=25)
    rows = [
        {"number": "F1150302-000123", "status": _("待簽收"), "kind": "active", "item": _("路面坑洞"),
         "due": after(minutes=6.5), "started": after(minutes=-3.5), "count": 1},
        {"number": "F1150302-000124", "status": _("處理中"), "kind": "neutral", "item": _("路燈故障"),
         "due": after(hours=2, minutes=5.5), "started": after(hours=-22), "count": 12},
        {"number": "F1150301-000098", "status": _("逾期"), "kind": "late", "item": _("號誌不亮"),
         "due": after(hours=-2, minutes=-1), "started": after(hours=-6), "count": 3},
    ]  # fmt: skip
    page = {
        "form": Sample(initial={"words": _("中山路一段路口有一個大洞，機車很容易摔倒。")}),
        "wrong": Sample({"words": "", "place": "火星", "reply": "pigeon"}, prefix="wrong"),
        "filters_form": SampleFilters(request.GET),
        "listing": Listing(state, COLUMNS, rows, has_next=True, total="1,204"),
        "nothing": Listing(state, COLUMNS, []),
        "clocks": [
            (_("進行中"), after(minutes=6.5), after(minutes=-3.5), None),
            (_("長"), after(days=3, hours=2), after(days=-1), None),
            (_("兩個單位"), after(hours=2, minutes=5.5), after(days=-2), None),
            (_("快到了"), after(seconds=40), after(minutes=-9), None),
            (_("逾期"), after(hours=-2, minutes=-1), after(hours=-6), None),
            (_("如期"), after(minutes=2), after(minutes=-8), after(minutes=-4)),
            (_("逾期完成"), after(minutes=-12), after(minutes=-22), after(minutes=-4)),
        ],
        "badges": [
            (_("待簽收"), "active"), (_("處理中"), "neutral"), (_("已結案"), "done"), (_("快到期"), "warn"),
            (_("逾期"), "late"), (_("已註銷"), "off"), (_("範例"), "info"),
        ],
        "entries": [
            Entry(
                after(minutes=-42),
                say("已成案"),
                say("中山路一段路口有一個大洞。"),
                say("林話務員"),
                "active",
            ),
            Entry(after(minutes=-36), say("簽收"), who=say("養工處受理窗口"), kind="done"),
            Entry(after(minutes=-5), say("逾期通知"), say("已通知督導主管。"), kind="late"),
        ],
        "tab_items": [
            Tab(_("待簽收"), "?tab=1", current=True, count=3, kind="late"),
            Tab(_("處理中"), "?tab=2", count=12),
            Tab(_("全部"), "?tab=3"),
        ],
        "icon_names": sorted(icons.NAMES),
        "shapes": SHAPES,
        "moments": [after(), after(days=-1), after(days=-20), after(days=-500)],
    }  # fmt: skip
    return render(request, "ui/components.html", page)
