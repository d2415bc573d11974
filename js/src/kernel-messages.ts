// What travels between the kernel and a view, as custom messages of the widget's comm (conduit_widget/widget/view_link.py).
import type { ChatMessage, ConnectionInfo, Op, Participant, ProviderInfo, StreamMetrics } from "./contract";

export interface StreamText {
  text: string;
  /** What the model thought so far: no part of the text. */
  reasoning?: string;
  metrics: StreamMetrics | null;
}

/** All that a view shows, as the kernel keeps it. */
export interface ChatState {
  conversationId: string;
  epoch: string;
  seq: number;
  self: { userId: string; userName: string };
  connection: ConnectionInfo;
  provider: ProviderInfo | null;
  participants: Participant[];
  typing: string[];
  messages: ChatMessage[];
  streams: Record<string, StreamText>;
  hasMore: boolean;
}

export type Reply =
  | { kind: "reply"; requestId: string; ok: true; result?: unknown }
  | { kind: "reply"; requestId: string; ok: false; error: { message: string; code?: string | null } };

/** Kernel to view. */
export type KernelMessage =
  | { kind: "snapshot"; n: number; state: ChatState }
  | { kind: "ops"; n: number; ops: Op[] }
  | { kind: "anybody" }
  | Reply;

/** View to kernel. */
export type ViewMessage =
  | { kind: "hello"; n: number }
  | { kind: "send"; requestId: string; id: string; text: string }
  | { kind: "stop"; requestId: string; messageId: string }
  | { kind: "typing"; isTyping: boolean }
  | { kind: "history"; requestId: string; beforeSeq: number }
  | { kind: "ping"; requestId: string }
  | { kind: "here" }
  | { kind: "bye" }
  | { kind: "retry" };
