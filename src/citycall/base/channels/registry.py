"""Which channel reaches people by e-mail, text message and e公務 in this installation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from citycall.base import private
from citycall.base.channels.protocol import Channel, ChannelDown, Message, Outcome
from citycall.base.channels.recording import RecordingChannel

EMAIL, SMS, EGOV, SCREEN = "email", "sms", "egov", "screen"
NAMES = (EMAIL, SMS, EGOV, SCREEN)

_chosen: dict[str, Channel] = {}
_down: set[str] = set()


@dataclass(frozen=True)
class NotConfigured:
    """A real government without this channel: everything waits until somebody sets it up."""

    name: str
    transactional: bool = True

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        return [ChannelDown(f"{self.name} is not configured") for _ in messages]


def channel(name: str) -> Channel:
    """The channel of this name: the real one, or for a sample government the recording one."""
    if name not in _chosen:
        _chosen[name] = _choose(name)
    return _chosen[name]


def set_channel(name: str, chosen: Channel | None) -> None:
    """Use this channel in this process from now on; None goes back to what the settings say."""
    if chosen is None:
        _chosen.pop(name, None)
    else:
        _chosen[name] = chosen


def set_down(name: str, down: bool) -> None:
    """Take a channel away or give it back, in this process (rehearsals, faults)."""
    if down:
        _down.add(name)
    else:
        _down.discard(name)


def is_down(name: str) -> bool:
    """Whether `set_down` has taken it away."""
    return name in _down


def status() -> dict[str, str]:
    """For the health page: what each channel is."""
    return {name: "down" if is_down(name) else type(channel(name)).__name__ for name in NAMES}


def _choose(name: str) -> Channel:
    if name == SCREEN:
        from citycall.base.channels.screen import ScreenChannel

        return ScreenChannel()
    urls = {
        EMAIL: settings.CITYCALL_SMTP_URL,
        SMS: settings.CITYCALL_SMS_URL,
        EGOV: settings.CITYCALL_EGOV_URL,
    }
    url = urls.get(name, "")
    if name == EMAIL and url:
        from citycall.base.channels.email import EmailChannel

        return EmailChannel.from_url(url, sender=settings.CITYCALL_MAIL_FROM)
    if name == SMS and url:
        from citycall.base.channels.sms_mitake import MitakeChannel

        return MitakeChannel.from_url(url)
    if name == EGOV and url:
        from citycall.base.channels.egov import EgovChannel

        return EgovChannel.from_url(url)
    if name in NAMES and private.is_sample():
        return RecordingChannel(name)
    return NotConfigured(name)
