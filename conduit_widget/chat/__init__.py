"""Conversations on the hub: ChatHub and StatusHub, order and history, generations, presence.

A message's way: ``validation`` → ``answering`` → the store's transaction (``history_store``) → fan-out in
``conversation``; its answer: ``generation_queue`` → ``generation`` → the same store and fan-out.
Between nodes: ``node_link`` carries, ``other_nodes`` does what they say, ``event_feed`` keeps the order,
``turns`` lets one answer be written at a time, ``chat_node`` and ``reaper`` find what nobody told.
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
