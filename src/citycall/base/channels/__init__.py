"""The ways to reach people, behind one small interface."""

from citycall.base.channels.protocol import Channel, ChannelDown, Message, Receipt, Undeliverable
from citycall.base.channels.registry import channel, is_down, set_channel, set_down, status

__all__ = [
    "Channel",
    "ChannelDown",
    "Message",
    "Receipt",
    "Undeliverable",
    "channel",
    "is_down",
    "set_channel",
    "set_down",
    "status",
]
