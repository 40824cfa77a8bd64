"""What is wrong with a draft, in the reader's language: the rules themselves say it in English.

The file, line and key stay as they are, for whoever looks there. What has no words here is told as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.policy.variation_points import POINTS, READINGS

Match = re.Match[str]


def _point(table: str, slug: str) -> str:
    """What a setting or reading is about."""
    known = POINTS.get(slug) if table == "setting" else READINGS.get(slug)
    return slug if known is None else known.topic.zh


_SAID: tuple[tuple[str, Callable[[Match], str]], ...] = (
    (
        r"unknown key(?: \(did you mean (?P<near>[^)]+)\?\))?(?:; expected (?P<known>.+))?",
        lambda m: (
            _("沒有這個鍵")
            + (_("（是不是 %(near)s？）") % {"near": m["near"]} if m["near"] else "")
            + (_("；可用：%(known)s") % {"known": m["known"]} if m["known"] else "")
        ),
    ),
    (r"this key is missing", lambda m: _("缺少這個鍵")),
    (r"expected at least one role", lambda m: _("至少要有一個職務，否則無人可以核定或決定")),
    (
        r"(?P<found>.+) is not a limit; write .+",
        lambda m: _("%(found)s 不是時限；請寫數字加單位，例如 4 小時、6 個工作日") % {"found": m["found"]},
    ),
    (
        r"(?P<found>.+) is not a unit of time; one of .+",
        lambda m: (
            _("%(found)s 不是時間單位；可用：分鐘、小時、日、半日、工作日、工作小時") % {"found": m["found"]}
        ),
    ),
    (
        r"(?P<unit>\w+) are counted whole, not (?P<found>.+)",
        lambda m: _("這個單位只能是整數，不能是 %(found)s") % {"found": m["found"]},
    ),
    (r"expected a valid integer.*", lambda m: _("應為整數")),
    (r"expected a valid boolean.*", lambda m: _("應為是或否（true 或 false）")),
    (r"expected a valid (string|text).*", lambda m: _("應為文字")),
    (r"expected a valid (list|tuple|array).*", lambda m: _("應為清單")),
    (r"expected a valid (dictionary|mapping).*", lambda m: _("應為成組的值")),
    (r"expected greater than or equal to (?P<n>\S+)", lambda m: _("應不小於 %(n)s") % {"n": m["n"]}),
    (r"expected less than or equal to (?P<n>\S+)", lambda m: _("應不大於 %(n)s") % {"n": m["n"]}),
    (r"expected greater than (?P<n>\S+)", lambda m: _("應大於 %(n)s") % {"n": m["n"]}),
    (
        r"expected (?P<words>'[^']*'(?:(?:, | or )'[^']*')*)",
        lambda m: _("應為 %(words)s 之一") % {"words": m["words"].replace(" or ", "、").replace(", ", "、")},
    ),
    (r"this is not YAML: (?P<why>.+)", lambda m: _("不是 YAML：%(why)s") % {"why": m["why"]}),
    (
        r"anchors and aliases \(& and \*\) are not taken here",
        lambda m: _("不能使用 & 與 *（YAML 的錨與別名）"),
    ),
    (r"only (?P<served>.+) is served", lambda m: _("系統只提供 %(served)s") % {"served": m["served"]}),
    (
        r"(?P<event>\S+) tells no day (?P<day>\S+) \(days it tells: (?P<known>.+)\)",
        lambda m: (
            _("%(event)s 沒有 %(day)s 這個日期（有的日期：%(known)s）")
            % {"event": m["event"], "day": m["day"], "known": m["known"]}
        ),
    ),
    (
        r"no case of these kinds undergoes (?P<event>[^;]+)(?:; did you mean (?P<near>.+)\?)?",
        lambda m: (
            _("這類案件沒有 %(event)s 這件事") % {"event": m["event"]}
            + (_("（是不是 %(near)s？）") % {"near": m["near"]} if m["near"] else "")
        ),
    ),
    (
        r"nobody approves a case of the kind (?P<kind>\S+) \(completion\.approved_by\)",
        lambda m: _("%(kind)s 這類案件沒有核定的職務（completion.approved_by）") % {"kind": m["kind"]},
    ),
    (
        r"a result that nobody approves needs a move case\.completed",
        lambda m: _("沒有核定的職務時，這類案件須有 case.completed（辦畢）這一步，否則無法辦畢"),
    ),
    (
        r"the setting reply-approval says (?P<said>.+) and this kind asks (?P<asked>.+); write (?P<put>.+)",
        lambda m: (
            _("設定 reply-approval 寫 %(said)s，這類案件由 %(asked)s 核定；請寫 %(put)s")
            % {"said": m["said"], "asked": m["asked"], "put": m["put"]}
        ),
    ),
    (
        r"(?P<order>\S+) contradicts telephone_notice of the kind (?P<kind>\S+), which is (?P<asked>\S+)",
        lambda m: (
            _("%(order)s 與 %(kind)s 這類案件的電話通報（%(asked)s）不合")
            % {"order": m["order"], "kind": m["kind"], "asked": m["asked"]}
        ),
    ),
    (
        r"no kind with a telephone_notice that is (?P<asked>\S+) \((?P<kind>.+)\)",
        lambda m: (
            _("沒有電話通報為 %(asked)s 的案件種類（%(kind)s）") % {"asked": m["asked"], "kind": m["kind"]}
        ),
    ),
    (
        r"say whether the agency is telephoned first or too",
        lambda m: _("請寫明先以電話通知（first）或另以電話通知（too）"),
    ),
    (
        r"(?P<to>\S+), and completion\.report_first (?:asks|does not ask) for a report.+",
        lambda m: _("%(to)s 與 completion.report_first（填報結果前先回報）不合") % {"to": m["to"]},
    ),
    (
        r"(?P<by>\S+): (?P<which>categories have limits of their own|no category has a limit of its own)",
        lambda m: (
            (_("%(by)s：有的類別自訂了時限") if m["which"][0] == "c" else _("%(by)s：沒有類別自訂時限"))
            % {"by": m["by"]}
        ),
    ),
    (
        r"the (?P<table>setting|reading) '(?P<slug>[^']+)' has no '(?P<part>[^']+)'",
        lambda m: (
            _("要用到「%(name)s」的 %(part)s，那裡卻沒有這個值；請把值補上，或先改這條規則")
            % {"name": _point(m["table"], m["slug"]), "part": m["part"]}
        ),
    ),
    (
        r"there is no (?P<table>setting|reading) '(?P<slug>[^']+)'",
        lambda m: _("要用到「%(name)s」，規則裡卻沒有這個項目") % {"name": _point(m["table"], m["slug"])},
    ),
    (r"nested too deeply", lambda m: _("巢狀太深")),
)
_FOUND = re.compile(r"(?P<said>.+) \(found (?P<found>.+)\)", re.DOTALL)
_KNOWN = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _SAID)


def in_words(message: str) -> str:
    """A message of the rules in the reader's language; in English as it was."""
    if not (get_language() or "zh").startswith("zh"):
        return message
    whole = _FOUND.fullmatch(message)
    said = whole["said"] if whole else message
    for pattern, words in _KNOWN:
        found = pattern.fullmatch(said)
        if found:
            told = words(found)
            return told + (_("（現為 %(found)s）") % {"found": whole["found"]} if whole else "")
    return message
