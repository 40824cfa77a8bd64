"""What the notices about changes of the rules say, in both languages."""

from __future__ import annotations

from citycall.base.notices import house

SUBMITTED, DECIDED = "policy_change.submitted", "policy_change.decided"
CHANNEL = "email"


def add_words() -> None:
    """What these notices say. The description is the title of the change."""
    house.add(
        SUBMITTED,
        {
            CHANNEL: {
                "zh-hant": {
                    "subject": "【待核定】規則修正：{description}",
                    "body": "{person}送核規則修正「{description}」，請您核定：\n{link}\n",
                },
                "en": {
                    "subject": "[To approve] Change of the rules: {description}",
                    "body": '{person} has submitted the change of the rules "{description}" '
                    "for your approval:\n{link}\n",
                },
            }
        },
    )
    house.add(
        DECIDED,
        {
            CHANNEL: {
                "zh-hant": {
                    "subject": "【{status}】規則修正：{description}",
                    "body": "規則修正「{description}」{status}（{person}）。\n{result}\n{link}\n",
                },
                "en": {
                    "subject": "[{status}] Change of the rules: {description}",
                    "body": 'The change of the rules "{description}": {status} ({person}).\n'
                    "{result}\n{link}\n",
                },
            }
        },
    )
