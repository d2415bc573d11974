"""Conversations on the hub: ChatHub and StatusHub, order and history, generations, presence.

A message's way: ``validation`` → ``answering`` → the store's transaction (``history``) → fan-out in ``live``;
its answer: ``answers.generation_queue`` → ``answers.generation`` → the same store and fan-out. Between nodes:
``nodes.channel`` carries, ``nodes.other_nodes`` does what they say, ``history.feed`` keeps the order,
``nodes.turns`` lets one answer be written at a time, ``node_watch`` and ``reaper`` find what nobody told.
"""

from conduit_widget.chat.chat import Chat, build_chat
from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.history.sqlite import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status_hub import StatusHub

__all__ = [
    "Chat",
    "ChatHub",
    "ChatMetrics",
    "ChatSettings",
    "HistoryStore",
    "SqliteHistoryStore",
    "StatusHub",
    "build_chat",
]
