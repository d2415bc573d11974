"""Conversations on the hub: two hubs, the order and history of messages, answers, people, other nodes.

Start at :class:`Chat`, which puts everything together, or at ``methods``, which holds what clients may call.

A message is checked by ``chat/methods/messages.py: MessageMethods.send_message`` and committed by
``chat/live/posting.py: Posting.append``. ``chat/history/feed.py: EventFeed`` sends what is committed in the
order of the log, and ``chat/answers/generation_queue.py: GenerationQueue.enqueue`` has it answered. Other
nodes are told and heard in ``chat/nodes/other_nodes.py: OtherNodes``; what the bus lost is found by
``chat/node_watch.py: NodeWatch`` and ``chat/reaper.py: Reaper``.

A token of the answer, from the provider to the page, passes 49 functions in Python, which
``python -m tests.load walk`` counts and prints, and 21 in TypeScript, which steps 9 and 10 name:

1. The provider sends bytes; the adapter makes a chunk of them.
   ``providers/http_api/http_provider.py: HttpProvider.generate``, ``event_stream.py: EventDataDecoder.feed``
2. The generation adds it to the answer, which waits at most one batch interval for more.
   ``chat/answers/generation.py: Generation._consume``,
   ``chat/answers/answer_stream.py: AnswerStream.add``,
   ``chat/answers/answer_stream.py: AnswerStream._flush``
3. The conversation sends a delta to its group; a connection that lags goes without and catches up later.
   ``chat/live/stream_fan_out.py: StreamFanOut.send``
4. The hub encodes the event once for each hub protocol and puts it into the outbox of each connection.
   ``hub/delivery/clients.py: ClientProxy.send_volatile``,
   ``hub/delivery/lifetime.py: LifetimeManager.broadcast``, ``hub/delivery/outbox.py: Outbox.put``
5. Everything that was put in one turn of the loop goes out together.
   ``hub/delivery/outbox.py: Outbox.flush``,
   ``transports/server/websocket.py: WebSocketServerConnection.write``
6. The client's transport reads a frame, the session the message in it.
   ``client/link.py: Link._receive``, ``protocol/session.py: Session.receive``,
   ``client/handlers.py: Handlers.dispatch``
7. The conversation's transcript appends the delta and tells its listeners of the change.
   ``chat_client/conversation/conversation.py: Conversation._on_event``,
   ``chat_client/state/transcript.py: Transcript.apply_event``
8. The widget turns the change into an op, and the kernel sends all ops of one tick as one comm message.
   ``widget/chat/ops.py: to_op``, ``kernel/comm_batcher.py: CommChannel.push``,
   ``kernel/comm_batcher.py: CommChannel.flush``, ``kernel/token_lines.py: TokenLines.message``
9. The page applies the op to its state.
   ``js/src/kernel/link.ts: onMessage``, ``js/src/kernel/messages.ts: kernelMessage``,
   ``js/src/state/token-lines.ts: opsOf``,
   ``js/src/store/core.ts: heard``, ``js/src/state/state.ts: receive``, ``js/src/state/state.ts: receiveOps``,
   ``js/src/state/ops.ts: applyOp``, ``js/src/state/ops.ts: withToken``, ``js/src/store/core.ts: take``,
   ``js/src/drawing/picture.ts: show``, ``js/src/drawing/frames.ts: request``
10. It draws, once a frame, only the block that grew.
    ``js/src/drawing/frames.ts: draw``, ``js/src/drawing/frames.ts: publish``,
    ``js/src/drawing/live-texts.ts: advance``, ``js/src/drawing/reveal.ts: nextShown``,
    ``js/src/views/message/message.tsx: AnswerText``,
    ``js/src/markdown/markdown.tsx: Markdown``, ``js/src/markdown/markdown.tsx: Blocks``,
    ``js/src/markdown/markdown.tsx: nodes``, ``js/src/markdown/lexing/open-blocks.ts: update``,
    ``js/src/markdown/lexing/lexer.ts: lex``, ``js/src/markdown/rendering/render.tsx: renderBlock``
"""

from conduit_widget.chat.chat import Chat, build_chat
from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
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
