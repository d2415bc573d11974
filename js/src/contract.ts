// The wire contract in one place: names, numbers, texts (twin: conduit_widget/contract.py), and the shapes
// that travel between the kernel and a view. tests/vectors/contract.json keeps the two languages alike.

export const CHAT_METHODS = {
  JOIN_CONVERSATION: "JoinConversation",
  LEAVE_CONVERSATION: "LeaveConversation",
  SEND_MESSAGE: "SendMessage",
  START_TYPING: "StartTyping",
  STOP_TYPING: "StopTyping",
  REQUEST_PROVIDER_STATUS: "RequestProviderStatus",
  RESUME_CONVERSATION: "ResumeConversation",
  GET_HISTORY: "GetHistory",
  STOP_GENERATION: "StopGeneration",
  PAUSE_STREAM: "PauseStream",
  RESUME_STREAM: "ResumeStream",
  CREATE_CONVERSATION: "CreateConversation",
  LIST_CONVERSATIONS: "ListConversations",
  ADD_MEMBER: "AddMember",
  REMOVE_MEMBER: "RemoveMember",
  REFRESH_TOKEN: "RefreshToken",
} as const;

export const CHAT_EVENTS = {
  RECEIVE_MESSAGE: "ReceiveMessage",
  MESSAGE_UPDATED: "MessageUpdated",
  USER_JOINED: "UserJoined",
  USER_LEFT: "UserLeft",
  PRESENCE_UPDATE: "PresenceUpdate",
  USER_TYPING: "UserTyping",
  TYPING_UPDATE: "TypingUpdate",
  PROVIDER_STATUS_UPDATE: "ProviderStatusUpdate",
  STREAM_TOKEN: "StreamToken",
  REMOVED_FROM_CONVERSATION: "RemovedFromConversation",
  RATE_LIMIT_WARNING: "RateLimitWarning",
} as const;

export const STATUS_EVENTS = {
  PROVIDER_STATUS_UPDATE: "ProviderStatusUpdate",
  SYSTEM_HEALTH_UPDATE: "SystemHealthUpdate",
  RATE_LIMIT_WARNING: "RateLimitWarning",
  PROVIDER_FAILOVER: "ProviderFailover",
  MODEL_AVAILABILITY_CHANGED: "ModelAvailabilityChanged",
  SYSTEM_ANNOUNCEMENT: "SystemAnnouncement",
} as const;

/** Seconds. A typing mark lives this long at the hub without a refresh. */
export const TYPING_TTL = 6;
/** Seconds between two batched kernel messages. */
export const COMM_INTERVAL = 0.033;
/** Largest hub message, in bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
export const MAX_CONTENT_BYTES = 32 * 1024;
export const JOIN_SNAPSHOT_MESSAGES = 50;
export const MAX_HISTORY_PAGE = 200;

export type Role = "system" | "user" | "assistant" | "tool";
export type MessageStatus = "queued" | "streaming" | "complete" | "cancelled" | "interrupted" | "error";
export type FinishReason = "stop" | "length" | "cancelled" | "interrupted" | "error";
export type ErrorType = "rate_limit" | "model_not_found" | "auth_error" | "network_error" | "server_error";
export type ProviderState = "healthy" | "degraded" | "rate_limited" | "down" | "unknown" | "disabled";
export type ParticipantState = "active" | "idle" | "away";
export type Visibility = "open" | "members";
export type AssistantSetting = "always" | "mention" | "off";
export type MemberRole = "owner" | "member" | "reader";
export type LinkState = "connecting" | "live" | "reconnecting" | "offline" | "removed";

export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: string } };

/** Speed of a generation: times in ms, rates in tokens per second. */
export interface StreamMetrics {
  timeToFirstToken?: number | null;
  tokensPerSecond?: number | null;
  interTokenLatency?: number | null;
  promptTokens?: number | null;
  completionTokens?: number | null;
  /** How long the model thought before its answer. */
  reasoningTime?: number | null;
}

export interface MessageMetadata extends StreamMetrics {
  conversationId?: string;
  seq?: number;
  timestamp?: string;
  status?: MessageStatus;
  finishReason?: FinishReason | null;
  model?: string | null;
  provider?: string | null;
  [key: string]: unknown;
}

/** Why an answer failed; `retryAfter` in seconds. */
export interface MessageError {
  type: ErrorType;
  recoverable: boolean;
  message?: string | null;
  retryAfter?: number | null;
  suggestions?: string[];
}

export interface ChatMessage {
  id: string;
  role: Role;
  content: string | ContentPart[];
  parentId?: string | null;
  author?: { userId: string; userName: string } | null;
  metadata?: MessageMetadata;
  error?: MessageError | null;
}

export interface Participant {
  userId: string;
  userName: string;
  initials: string;
  color: string;
  state: ParticipantState;
  typing?: boolean;
  avatarUrl?: string | null;
}

export interface ProviderLine {
  provider: string;
  model: string;
  state: ProviderState;
  reason: string;
}

/** The kernel's connection to the hub; `retryAt` in epoch milliseconds. */
export interface Connection {
  state: LinkState;
  attempt: number;
  retryAt: number | null;
  message: string | null;
}

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
  connection: Connection;
  provider: ProviderLine | null;
  participants: Participant[];
  typing: string[];
  messages: ChatMessage[];
  streams: Record<string, StreamText>;
  hasMore: boolean;
}

/** One change of the {@link ChatState}. `offset` counts Unicode code points. */
export type Op =
  | { op: "message"; message: ChatMessage }
  | {
      op: "token";
      id: string;
      offset: number;
      text: string;
      kind?: "reasoning";
      metrics?: StreamMetrics | null;
    }
  | { op: "streamEnd"; id: string }
  | { op: "participants"; participants: Participant[] }
  | { op: "typing"; userIds: string[] }
  | { op: "provider"; provider: ProviderLine | null }
  | { op: "connection"; connection: Connection }
  | { op: "history"; messages: ChatMessage[]; hasMore: boolean };

export interface SendReceipt {
  id: string;
  seq: number;
  timestamp: string;
  answerId?: string | null;
}

/** How a conversation is to be created; what is left out is as the hub has it (the id: a new one). */
export interface ConversationOptions {
  id?: string | null;
  title?: string | null;
  visibility?: Visibility | null;
  assistant?: AssistantSetting | null;
}

/** A conversation as one of its people sees it; `seq` is the position of its newest event. */
export interface ConversationInfo {
  conversationId: string;
  title: string | null;
  visibility: Visibility;
  assistant: AssistantSetting;
  role: MemberRole;
  seq: number;
}

/** Who is to be a member, and as what (`member` unless it says). */
export interface MemberOptions {
  userId: string;
  role?: MemberRole;
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
