"""The form for one value of the rules, made from the type of its variation point.

What is simple has a field of its own: a time, a number, a limit, yes or no, a choice, words in a row. What is
made of parts is written as YAML, with its keys told. A field left empty says nothing, as the document does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from citycall.base.commands.inputs import clean
from citycall.oversight.mistakes import in_words
from citycall.people.roles import ROLES
from citycall.policy import Limit, PackError
from citycall.policy import words as policy_words
from citycall.policy.basics import clock_time
from citycall.policy.deadlines import read_due
from citycall.policy.limits import as_typed
from citycall.policy.rewrite import value_of, written
from citycall.policy.text import Text, language
from citycall.policy.variation_points import POINTS, READINGS, Value
from citycall.web.oversight.labels.keys import KEYS
from citycall.web.oversight.rule_words import limit_words, plain, word_of
from citycall.web.story import role_name
from citycall.web.ui.forms import mark

LONGEST = 20_000
WHOLE = "value"  # the field of a value that is not taken apart
PART = "part_"


def visible(value: Any) -> None:
    """Refuse characters that cannot be seen, as every command does."""
    try:
        clean(value)
    except PydanticCustomError:
        raise ValidationError(_("含有不能使用的控制字元。")) from None


class YamlField(forms.CharField):
    """A value in YAML; what is not YAML is said with its line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "mono"})
        )
        super().__init__(**(options | {"required": False, "max_length": LONGEST, "strip": False}))

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return value_of(str(text or ""))
        except PackError as error:
            said = _("第 %(line)s 行：%(why)s") if error.line else "%(why)s"
            raise ValidationError(
                said, params={"line": error.line, "why": in_words(error.message)}
            ) from error


class WordsField(forms.CharField):
    """Words in a row, parted by blanks or commas; where only some words are known, only those."""

    def __init__(self, *, known: Sequence[str] = (), times: bool = False, **options: Any) -> None:
        super().__init__(**({"max_length": 2000} | options))
        self.known, self.times = tuple(known), times

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        for stop in "、，,;；":
            text = text.replace(stop, " ")
        names = meant() | {word_of(code): code for code in self.known}
        words = [names.get(word, word) for word in text.split()]
        for word in words:
            if self.known and word not in self.known:
                said = _("「%(word)s」不能使用；可用：%(known)s")
                raise ValidationError(said, params={"word": word, "known": "、".join(map(_both, self.known))})
            if self.times:
                _time(word)
        return words or None


def meant() -> dict[str, str]:
    """Roles and channels by what they are called, so that either can be written: 督導主管 is `supervisor`."""
    found = {str(name).replace(" ", ""): code for code, name in ROLES.items()}
    found |= {role_name(code): code for code in ROLES}
    for table in (policy_words.RECIPIENTS, policy_words.CHANNELS):
        found |= {text.zh: code for code, text in table.items()}
    return found


def shown_words(codes: Iterable[Any], known: Sequence[str] = ()) -> str:
    """Words in a row by what they are called where that is read back the same, else as they are kept."""
    names = meant() | {word_of(code): code for code in known}
    told = [(str(code), word_of(str(code))) for code in codes]
    return "、".join(name if " " not in name and names.get(name) == code else code for code, name in told)


class TimeField(forms.CharField):
    """A time of day, as 18:00."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": 20} | options))

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        return _time(text) if text else None


class LimitField(forms.CharField):
    """A limit in its own unit, or a deadline."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": 60} | options))

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        if as_typed(text).replace(".", "", 1).isdecimal():
            said = _("「%(text)s」只有數字，還要單位；請寫例如 4 小時、1 日、3 個工作日。")
            raise ValidationError(said, params={"text": text})
        try:
            return str(read_due(text))
        except ValueError:
            raise ValidationError(_("這不是時限；請寫數字加單位，例如 4 小時、6 個工作日。")) from None


def _time(text: str) -> str:
    try:
        at = clock_time(as_typed(text))
    except ValueError:
        at = None
    if not isinstance(at, time):
        raise ValidationError(_("「%(text)s」不是時刻；請寫 00:00 至 23:59。"), params={"text": text})
    return f"{at:%H:%M}"


class NumberField(forms.IntegerField):
    """A whole number of people, days, times."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"min_value": 0, "max_value": 1_000_000} | options))


class AmountField(forms.CharField):
    """A short text; empty says nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": 200} | options))

    def clean(self, value: Any) -> Any:
        return super().clean(value).strip() or None


class TextsField(forms.CharField):
    """Words in Chinese and, after a bar, in English."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": 2000} | options))

    def clean(self, value: Any) -> Any:
        zh, _bar, en = super().clean(value).partition("|")
        return {"zh": zh.strip(), "en": (en or zh).strip()} if zh.strip() else None


@dataclass(frozen=True)
class Shape:
    """How one key of a value is entered: its field, and how a value stands in it."""

    make: Callable[..., forms.Field]
    shown: Callable[[Any], Any]
    help: str = ""
    must: bool = False  # a value that says anything says this too


def type_of(table: str, slug: str) -> Any:
    """The type of a value: that of its point, or none."""
    point = POINTS.get(slug) if table == "settings" else READINGS.get(slug)
    return None if point is None else point.type


def parts_of(kind: Any, value: Any) -> dict[str, Shape] | None:
    """The keys of a value that can be taken apart; None for one that is written whole."""
    if not (isinstance(kind, type) and issubclass(kind, Value)):
        return None
    if value is not None and not isinstance(value, Mapping):
        return None
    return {
        field.alias or name: replace(
            _shape(field.annotation, roles=name in _OF_ROLES), must=field.is_required()
        )
        for name, field in kind.model_fields.items()
    }


# Keys whose words are roles, or what stands for one.
_OF_ROLES = frozenset({"to", "second_to", "telephone_to", "filled_by", "approved_by", "roles"})


def _chinese() -> bool:
    return language(get_language()) != "en"


def _shape(annotation: Any, *, roles: bool = False) -> Shape:
    inner = _bare(annotation)
    if inner is bool:
        choices = [("", _("（未載）")), ("yes", _("是")), ("no", _("否"))]
        return Shape(
            _select(choices, {"yes": True, "no": False}), lambda v: {True: "yes", False: "no"}.get(v, "")
        )
    if inner is int:
        return Shape(_field(NumberField), lambda v: v)
    if inner is time:
        return Shape(_field(TimeField), str, _("時刻，例如 18:00"))
    if inner is date:
        return Shape(_field(AmountField), str, _("日期，例如 2026-05-01"))
    if get_origin(inner) is Literal:
        allowed = [str(one) for one in get_args(inner)]
        numbers = {str(one): one for one in get_args(inner)}
        return Shape(_select([("", _("（未載）")), *((one, word_of(one)) for one in allowed)], numbers), str)
    if inner is Limit or (get_origin(inner) in (Union, UnionType) and Limit in map(_bare, get_args(inner))):
        return Shape(
            _field(LimitField),
            _limit_shown,
            _("數字加單位：分鐘、小時、日、半日、工作日、工作小時，例如 6 個工作日"),
        )
    if inner is Text:
        return Shape(_field(TextsField), _texts, _("中文 | 英文"))
    if inner is str:
        return Shape(_field(AmountField), str)
    if get_origin(inner) is tuple:
        one = _bare(get_args(inner)[0])
        if one is str or one is time or get_origin(one) is Literal:
            known = [str(word) for word in get_args(one)] if get_origin(one) is Literal else []
            help = _("以頓號或空白分開")
            help += (
                _("；可用：%(words)s") % {"words": "、".join(map(word_of if _chinese() else _both, known))}
                if known
                else ""
            )
            if roles and one is str:
                help += _("；可用的職務：%(words)s") % {"words": "、".join(map(role_name, ROLES))}
            made = _field(WordsField, known=known, times=one is time)
            return Shape(made, lambda v: shown_words(v, known), help)
    return Shape(_field(YamlField), lambda v: written(_spoken(plain(v))), keys_said(inner))


def _spoken(value: Any) -> Any:
    """A value with its limits as the reader says them: 4 小時 for 4 hours; they are read back the same."""
    if isinstance(value, dict):
        return {name: _spoken(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spoken(inner) for inner in value]
    return _limit_shown(value) if isinstance(value, str) and value[:1].isdecimal() else value


def _both(code: str) -> str:
    """A code with what it is called: email（電子郵件）."""
    name = word_of(code)
    return code if name == code else f"{code}（{name}）"


def _bare(annotation: Any) -> Any:
    """A type without what it is annotated with, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        rest = [one for one in get_args(annotation) if one is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _field(kind: type[forms.Field], **more: Any) -> Callable[..., forms.Field]:
    return lambda **options: kind(required=False, **more, **options)


def _select(choices: list[tuple[str, str]], meant: Mapping[str, Any]) -> Callable[..., forms.Field]:
    return lambda **options: forms.TypedChoiceField(
        required=False, choices=choices, coerce=lambda word: meant[word], empty_value=None, **options
    )


def _limit_shown(value: Any) -> str:
    """A limit in words that are read back the same; a deadline as the rules write it."""
    try:
        found = read_due(str(value))
    except ValueError:
        return str(value)
    return limit_words(found) if isinstance(found, Limit) else str(value)


def _texts(value: Any) -> str:
    zh, en = value.get("zh", ""), value.get("en", "")
    return f"{zh} | {en}" if en and en != zh else str(zh)


def keys_said(kind: Any) -> str:
    """Which keys a value made of parts may have, with what each takes."""
    inner = _bare(kind)
    if get_origin(inner) in (Union, UnionType):
        return " / ".join(filter(None, map(keys_said, get_args(inner))))
    if get_origin(inner) is dict:
        return _("代碼：%(inner)s") % {
            "inner": keys_said(get_args(inner)[1]) or _kind_said(get_args(inner)[1])
        }
    if isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not Limit:
        fields = inner.model_fields.items()
        told = ((field.alias or name, _kind_said(field.annotation)) for name, field in fields)
        return "；".join(f"{_called(name)}（{kind}）" for name, kind in told)
    return ""


def _called(key: str) -> str:
    """A key to be written in YAML, after what it is called: 最短 min."""
    return f"{KEYS[key]} {key}" if key in KEYS and _chinese() else key


def _kind_said(annotation: Any) -> str:
    inner = _bare(annotation)
    if get_origin(inner) is Literal:
        return " | ".join(map(_both, map(str, get_args(inner))))
    if get_origin(inner) is tuple:
        return f"[{_kind_said(get_args(inner)[0])}]"
    names: dict[Any, str] = {bool: "true | false", time: "18:00", Text: "{zh, en}"}
    names |= {Limit: _("例如 4 小時、1 日、3 個工作日"), int: _("整數"), str: _("文字")}
    return names.get(inner) or keys_said(inner) or _("文字")


class ValueForm(forms.Form):
    """One setting or reading: its value, and what it says in words."""

    zh = forms.CharField(
        label=lazy("說明（中文）"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("同仁與民眾讀到的文字；改了值，說明也要跟著改。"),
    )  # fmt: skip
    en = forms.CharField(
        label=lazy("說明（英文）"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        table: str,
        slug: str,
        value: Any,
        zh: str,
        en: str,
        needed: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """`needed`: the parts of the value that rules take over, with what those rules are called."""
        super().__init__(data, initial={"zh": zh, "en": en})
        kind = type_of(table, slug)
        self.slug, self.table = slug, table
        self.needed = dict(needed or {})
        self.parts = parts_of(kind, value)
        whole: dict[str, forms.Field] = {}
        if self.parts is None:
            simple = (
                _shape(kind) if kind is not None else Shape(_field(YamlField), lambda v: written(plain(v)))
            )
            whole[WHOLE] = simple.make(label=_("值"), help_text=simple.help)
            mark(whole[WHOLE], must=bool(self.needed))
            self.initial[WHOLE] = "" if value is None else simple.shown(value)
        else:
            known = dict(value or {})
            for name, shape in self.parts.items():
                whole[PART + name] = shape.make(label=KEYS.get(name, name), help_text=shape.help)
                mark(whole[PART + name], must=shape.must or name in self.needed)
                if known.get(name) is not None:
                    self.initial[PART + name] = shape.shown(known[name])
        self.fields = {**whole, **self.fields}
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = [*field.validators, visible]

    def clean(self) -> dict[str, Any]:
        """What rules take over cannot be left empty: they would have nothing to go by."""
        given = super().clean() or self.cleaned_data
        for name, rules in self.needed.items():
            field = PART + name if self.parts is not None else WHOLE
            if field in self.fields and field not in self.errors and given.get(field) in (None, ""):
                said = _("不能留白：%(rules)s要用到這個值。")
                self.add_error(field, ValidationError(said, params={"rules": "、".join(rules)}))
        return given

    @property
    def names(self) -> dict[str, str]:
        """Where an error of the rules belongs: key in the pack -> field."""
        top = f"{self.table}.{self.slug}"
        found = {top: WHOLE, f"{top}.value": WHOLE, f"{top}.says": "zh"}
        for name in self.parts or ():
            found[f"{top}.value.{name}"] = PART + name
        return found

    def place(self, key: str) -> str:
        """The field that an error belongs to, by the nearest key there is one for; empty for none."""
        while key:
            if key in self.names and self.names[key] in self.fields:
                return self.names[key]
            key = key.rpartition(".")[0]
        return ""

    def edit(self) -> dict[str, Any]:
        """What the command takes."""
        given = self.cleaned_data
        if self.parts is None:
            value = given[WHOLE]
        else:
            value = {name: given[PART + name] for name in self.parts if given[PART + name] not in (None, "")}
            value = value or None
        words = {name: given[name] for name in ("zh", "en") if given[name] not in ("", self.initial[name])}
        return {"slug": self.slug, "value": value, **words}
