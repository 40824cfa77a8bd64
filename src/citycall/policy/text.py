"""Names and sentences in the languages of a government: Traditional Chinese first, English beside it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

LANGUAGES = ("zh-hant", "en")


def language(code: str | None) -> str:
    """The pack's language for any language code: English for `en…`, otherwise Traditional Chinese."""
    return "en" if code and code.lower().startswith("en") else "zh-hant"


class Text(BaseModel):
    """One name in both languages. Written in a pack as `{zh: …, en: …}`, or as a bare string in both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"zh": value, "en": value}
        if isinstance(value, dict) and isinstance(value.get("zh"), str) and "en" not in value:
            return {**value, "en": value["zh"]}
        return value

    def get(self, lang: str | None = None) -> str:
        """The name in the language asked for; Traditional Chinese when none is named."""
        return self.en if language(lang) == "en" else self.zh

    def __str__(self) -> str:
        return self.zh
