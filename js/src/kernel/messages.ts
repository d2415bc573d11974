// What travels between the kernel and a view, as custom messages of the widget's comm
// (conduit_widget/widget/browser/views.py).
import type { Parameters } from "../composing/parameters";
import type { Described } from "../context/described";
import type {
  Call,
  CallMedia,
  CallSignal,
  ChatMessage,
  ConnectionInfo,
  ConversationSettings,
  MemberRole,
  NoticeLine,
  Op,
  Participant,
  ProviderFigures,
  ProviderInfo,
  Queue,
  StreamMetrics,
} from "../contract";

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
  providers: ProviderFigures[];
  /** The newest first. */
  failovers: NoticeLine[];
  /** What the hub told everybody lately, the oldest first. */
  notices: NoticeLine[];
  participants: Participant[];
  typing: string[];
  /** How far each person has read: the position of the newest message that they have seen. */
  readMarks?: Record<string, number>;
  /** What an owner has set, and one's own role; null while that is unknown. */
  conversation?: ConversationSettings | null;
  /** Who talks to each other; null while nobody does, undefined where the kernel knows of no calls. */
  call?: Call | null;
  /** What waits for the hub; undefined where the kernel keeps nothing. */
  queue?: Queue;
  messages: ChatMessage[];
  streams: Record<string, StreamText>;
  hasMore: boolean;
  /** Whether Python holds the text of answers. */
  paused?: boolean;
  /** Whether there is a kernel that can be asked for its variables. */
  variables?: boolean;
  /** Whether the browser stands in for the Jupyter server, which is away. */
  serverAway?: boolean;
  /** Why one may read and not write, in a line; left out where one may. */
  readOnly?: string;
}

export type Reply =
  | { kind: "reply"; requestId: string; ok: true; result?: unknown; buffers?: readonly DataView[] }
  | { kind: "reply"; requestId: string; ok: false; error: { message: string; code?: string | null } };

/** What the view of a connection shows; latencies are round trips in ms. */
export interface HealthState {
  connection: ConnectionInfo;
  host: string | null;
  transport: string | null;
  latency: number | null;
  latencyP95: number | null;
  /** From an answer's first text in the kernel to its picture, in ms. */
  firstPaint: number | null;
  firstPaintP95: number | null;
  reconnects: number;
  unsent: number;
}

/** What the view of a conversation's people shows. */
export interface PresenceState {
  connection: ConnectionInfo;
  conversationId: string;
  selfId: string;
  participants: Participant[];
}

/** What the view of the providers shows. */
export interface ProvidersState {
  connection: ConnectionInfo;
  /** Whether the hub has told anything yet. */
  isKnown: boolean;
  providers: ProviderFigures[];
  /** The newest first. */
  failovers: NoticeLine[];
}

/** Who is to answer a message: what is left out the hub chooses. */
export interface Choice {
  provider?: string;
  model?: string;
}

/** What a message may carry beside its text; what is left out the kernel chooses. */
export interface SendOptions {
  /** The message it continues; without one, the newest. */
  parentId?: string;
  /** Id of the message it answers. */
  replyTo?: string;
  /** Ids of the people it speaks to. */
  mentions?: readonly string[];
  /** How the model is to answer: temperature, topP, maxTokens, stop, systemPrompt, seed. */
  parameters?: Parameters;
  /** The model reads nothing from before this message. */
  contextStart?: boolean;
  /** What the model reads beside the text, as it was shown to the sender. */
  context?: readonly Described[];
  /** Ids of files that the hub has for it. */
  files?: readonly string[];
}

/** Where a search looks: in all of one's conversations unless one is named. */
export interface SearchOptions {
  conversationId?: string;
  /** Times before this one, ISO 8601. */
  until?: string;
  beforeSeq?: number;
  limit?: number;
}

/** A file to bring in: its bytes piece by piece in base64, then one conversation a request. */
export type ImportAction =
  | { action: "begin"; size: number }
  | { action: "part"; id: string; at: number; data: string }
  | { action: "read" | "next" | "forget"; id: string };

/** What an owner does about a conversation, this one unless another is named; and which one is shown here. */
export type ConversationAction =
  | { action: "open"; conversationId: string }
  | { action: "create"; title: string }
  | { action: "delete"; conversationId: string }
  | { action: "rename"; title: string; conversationId?: string }
  | { action: "update"; assistant: "always" | "mention" | "off" };

/** What is asked about those who belong to the conversation; all but the list is for owners. */
export type MembersAction =
  | { action: "list" }
  | { action: "add" | "role"; userId: string; role: MemberRole }
  | { action: "remove"; userId: string };

/** What is done about one thing that waits for the hub. */
export type QueueAction =
  | { action: "edit"; text: string }
  | { action: "move"; to: number }
  | { action: "delete" | "again" };

/** What a view does in the call; it is the peer of that id. */
export type CallAction =
  | { action: "join" | "update"; media: CallMedia }
  | { action: "leave" }
  | { action: "signal"; toPeerId: string; signal: CallSignal["signal"] };

/** A token's op names its line: a small number under which the text goes on in short messages. */
export type SentOp = Op & { line?: number };

/** Kernel to view. */
export type KernelMessage<State = ChatState> =
  | { kind: "snapshot"; n: number; state: State }
  // In a snapshot's place where the pages of a kernel may be different people's: each is to find out whose it is.
  | { kind: "shared"; n: number; state: State }
  | { kind: "ops"; n: number; ops: SentOp[] }
  | Tokens
  | { kind: "anybody" }
  | ({ kind: "signal" } & CallSignal)
  | Reply;

/** Text and nothing else; on the way a list: the last digit of its number, then texts, before each the number of its
 * line where that is another than before (conduit_widget/kernel/token_lines.py). */
export interface Tokens {
  kind: "tokens";
  digit: number;
  parts: readonly (number | string)[];
}

/** View to kernel. */
export type ViewMessage =
  | { kind: "hello"; n: number }
  | ({ kind: "send"; requestId: string; id: string; text: string } & Choice & SendOptions)
  | { kind: "stop"; requestId: string; messageId: string }
  | { kind: "typing"; isTyping: boolean }
  | { kind: "history"; requestId: string; beforeSeq: number }
  | { kind: "around"; requestId: string; seq: number }
  | { kind: "edit"; requestId: string; messageId: string; text: string }
  | { kind: "delete"; requestId: string; messageId: string }
  | { kind: "react"; requestId: string; messageId: string; emoji: string; on: boolean }
  | { kind: "pin"; requestId: string; messageId: string; on: boolean }
  | { kind: "pinned"; requestId: string }
  | ({ kind: "regenerate"; requestId: string; messageId: string } & Choice)
  | { kind: "read"; seq: number }
  | { kind: "transcript"; requestId: string; cssClass: string }
  | { kind: "ping"; requestId: string }
  | { kind: "health"; requestId: string }
  | { kind: "chunk"; requestId: string; name: string; from: number }
  | { kind: "search"; requestId: string; query: string; options: SearchOptions }
  | { kind: "conversations"; requestId: string }
  | { kind: "export"; requestId: string; format: "markdown" | "json" | "html" | "ipynb" }
  | ({ kind: "import"; requestId: string } & ImportAction)
  | ({ kind: "conversation"; requestId: string } & ConversationAction)
  | ({ kind: "members"; requestId: string } & MembersAction)
  | { kind: "variables"; requestId: string; query: string }
  | { kind: "context"; requestId: string; names: readonly string[]; left: number }
  | ({ kind: "queue"; requestId: string; id: string } & QueueAction)
  | ({ kind: "call"; requestId: string; peerId: string } & CallAction)
  | { kind: "call"; action: "alive"; peerId: string }
  | { kind: "call"; requestId: string; action: "page" }
  | { kind: "fileBegin"; requestId: string; name: string; size: number }
  | {
      kind: "filePiece";
      requestId: string;
      path: string;
      start: number;
      last: boolean;
      buffers: ArrayBuffer[];
    }
  | { kind: "fileForget"; requestId: string; path: string }
  | { kind: "fileRead"; requestId: string; id: string; start: number; size: number }
  | { kind: "fileRows"; requestId: string; id: string; size: number }
  | { kind: "resume"; requestId: string }
  | { kind: "providers" }
  | { kind: "painted"; messageId: string; at: number; held: number }
  | { kind: "here" }
  | { kind: "sight"; inSight: boolean }
  | { kind: "bye" }
  | { kind: "retry" };

/** Returns what the host delivered as a message of our kernel; null where it looks like none. */
export function kernelMessage<State>(value: unknown): KernelMessage<State> | null {
  if (Array.isArray(value)) {
    return { kind: "tokens", digit: value[0], parts: value.slice(1) };
  }
  const { kind } = (value ?? {}) as { kind?: unknown };
  return typeof kind === "string" ? (value as KernelMessage<State>) : null;
}
