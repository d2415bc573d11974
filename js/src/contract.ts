// The wire contract as a view sees it: numbers and shapes.
// Made by `python -m tests.codegen` from conduit_widget: contract.py, types/, chat_client/state/changes.py.

// Times in seconds, sizes in bytes.
export const FILE_CHUNK_BYTES = 262_144;
export const MAX_ATTACHMENTS = 10;
export const MAX_CONTENT_BYTES = 32_768;
export const MAX_FILE_BYTES = 26_214_400;
export const TYPING_TTL = 6;

export type AssistantSetting = "always" | "mention" | "off";

export type MemberRole = "owner" | "member" | "reader";

export type Visibility = "open" | "members";

export type ParticipantState = "active" | "idle" | "away";

export type ErrorType = "rate_limit" | "model_not_found" | "auth_error" | "network_error" | "server_error";

export type Role = "system" | "user" | "assistant" | "tool";

export type FinishReason = "stop" | "length" | "cancelled" | "interrupted" | "error";

export type MessageStatus = "queued" | "streaming" | "complete" | "cancelled" | "interrupted" | "error";

export type SegmentOutcome = "complete" | "failed" | "cancelled";

export type BreakerState = "closed" | "open" | "half_open";

export type LimitSource = "stated" | "configured";

export type ProviderState = "healthy" | "degraded" | "rate_limited" | "down" | "unknown" | "disabled";

export type StreamKind = "reasoning";

export type LinkState = "connecting" | "live" | "reconnecting" | "offline" | "removed";

export type NoticeKind = "failover" | "limit" | "models" | "announcement";

/** Acknowledgement after commit. `answerId` is set when the model will answer (additive). */
export interface SendReceipt {
  id: string;
  seq: number;
  timestamp: string;
  answerId?: string | null;
}

/** Somebody who has a role in a conversation. */
export interface MemberInfo {
  userId: string;
  role: MemberRole;
}

/** The newest message of a conversation: the beginning of its text, and the name of who wrote it. */
export interface LastMessage {
  id: string;
  author: string;
  preview: string;
  timestamp: string;
}

/** A conversation as one of its people sees it; `seq` is the position of its newest event. */
export interface ConversationInfo {
  conversationId: string;
  title: string | null;
  visibility: Visibility;
  assistant: AssistantSetting;
  role: MemberRole;
  seq: number;
  systemPrompt: string | null;
  pinned: boolean;
  unread: number;
  lastReadSeq: number;
  lastMessage: LastMessage | null;
}

/** A piece of text in a multi-part message. */
export interface TextPart {
  type: "text";
  text: string;
}

/** An image by reference or `data:` URL. */
export interface ImageUrl {
  url: string;
  detail?: string | null;
}

/** An image in a multi-part message; the wire key is `image_url`, as providers spell it. */
export interface ImagePart {
  type: "image_url";
  image_url: ImageUrl;
}

/** Who wrote a message, as the hub knows them from their token. */
export interface Author {
  userId: string;
  userName: string;
}

/** What an answer cost; `currency` as in ISO 4217. */
export interface Cost {
  amount: number;
  currency: string;
}

/** Where a message was brought in from, when (ISO 8601), and by which user. */
export interface Imported {
  source: string;
  by: string;
  at: string;
}

/** Which user pinned a message, and when (ISO 8601). */
export interface Pinned {
  by: string;
  at: string;
}

/** What one of several providers wrote of an answer: the code points from `from` to `to`. */
export interface Segment {
  provider: string;
  model: string;
  from: number;
  to: number;
  outcome: SegmentOutcome;
  reason: string | null;
}

/** What is known of a message beside its text; other keys pass through as their sender wrote them. */
export interface MessageMetadata {
  completionTokens?: number | null;
  context?: Record<string, unknown>[];
  conversationId?: string;
  cost?: Cost;
  deletedAt?: string;
  deletedBy?: string;
  editOf?: string;
  editedAt?: string;
  eventSeq?: number;
  failover?: boolean;
  finishReason?: FinishReason | null;
  flushTime?: number | null;
  imported?: Imported;
  latency?: number | null;
  mentions?: string[];
  messagesRead?: number;
  model?: string | null;
  notice?: string;
  parameters?: Record<string, unknown>;
  pinned?: Pinned;
  promptTokens?: number | null;
  provider?: string | null;
  providerFinishReason?: string | null;
  reactions?: Record<string, string[]>;
  reasoning?: string;
  reasoningTime?: number | null;
  replyTo?: string;
  respond?: boolean;
  segments?: Segment[];
  seq?: number;
  status?: MessageStatus;
  timeToFirstToken?: number | null;
  timestamp?: string;
  tokensEstimated?: boolean;
  tokensPerSecond?: number | null;
  tokensUsed?: number | null;
  toolCalls?: Record<string, unknown>[];
  unstored?: string;
  updatedAt?: string;
  version?: number;
  [key: string]: unknown;
}

/** Why an answer failed. `retryAfter` is in seconds. */
export interface MessageError {
  type: ErrorType;
  recoverable: boolean;
  code?: string | null;
  statusCode?: number | null;
  retryAfter?: number | null;
  suggestions?: string[];
  message?: string | null;
}

/** One message of a conversation. `metadata` has the keys of `MessageMetadata`, and any other. */
export interface ChatMessage {
  id: string;
  role: Role;
  content: string | (TextPart | ImagePart)[];
  parentId?: string | null;
  author?: Author | null;
  attachments?: Record<string, unknown>[];
  metadata?: MessageMetadata;
  error?: MessageError | null;
}

/** A found message, and the part of its text with the first find; `ranges` are where finds are in it. */
export interface SearchHit {
  message: ChatMessage;
  conversationId: string;
  snippet: string;
  ranges: number[][];
}

/** The newest messages that have all that was looked for. */
export interface SearchResult {
  hits: SearchHit[];
  hasMore: boolean;
}

/** What a peer sends to the others; nobody is sent more than they say here. */
export interface CallMedia {
  audio: boolean;
  video: boolean;
  screen: boolean;
}

/** One view of a person in a call; `joinedAt` is ISO 8601 UTC. One at a time has `media.screen`. */
export interface CallPeer {
  peerId: string;
  userId: string;
  userName: string;
  media: CallMedia;
  joinedAt: string;
}

/** A STUN or TURN server, as browsers take it; a TURN server's name and password hold for a short time. */
export interface IceServer {
  urls: string[];
  username?: string | null;
  credential?: string | null;
}

/** The LiveKit server that carries the media, and the token that lets this peer into the call's room. */
export interface Sfu {
  url: string;
  token: string;
}

/** A call, its peers by the time they came; `iceServers` and `sfu` are told to who joins alone. */
export interface Call {
  callId: string;
  conversationId: string;
  startedAt: string;
  peers: CallPeer[];
  iceServers: IceServer[];
  iceTtl: number | null;
  sfu: Sfu | null;
}

/** What one peer's browser tells another's: a session description, or a candidate. */
export interface CallSignal {
  fromPeerId: string;
  toPeerId: string;
  signal: Record<string, unknown>;
}

/** Speed of a generation: times in ms, rates in tokens per second, counts in tokens. */
export interface StreamMetrics {
  timeToFirstToken?: number | null;
  tokensPerSecond?: number | null;
  interTokenLatency?: number | null;
  promptTokens?: number | null;
  completionTokens?: number | null;
  reasoningTime?: number | null;
}

/** One person in a conversation, however many connections they hold. */
export interface Participant {
  userId: string;
  userName: string;
  initials: string;
  color: string;
  state: ParticipantState;
  typing: boolean;
  lastReadSeq: number;
  avatarUrl: string | null;
}

/** What an owner has set; `role` is the reader's own, where that is told with it. */
export interface ConversationSettings {
  conversationId: string;
  visibility: Visibility;
  assistant: AssistantSetting;
  title?: string | null;
  systemPrompt?: string | null;
  pinned?: boolean;
  role?: MemberRole | null;
}

/** The provider and model that answer, and their state. */
export interface ProviderInfo {
  provider: string;
  model: string;
  state: ProviderState;
  reason: string;
}

/** Observed speed: times in ms, rate in tokens per second; None until measured. */
export interface ProviderLatency {
  ttftP50?: number | null;
  ttftP95?: number | null;
  tokensPerSecond?: number | null;
}

/** One limit of a provider: as its headers state it, or as configured and counted here (`source`). */
export interface RateLimit {
  limit: number | null;
  remaining: number | null;
  percentageUsed: number | null;
  resetTime: string | null;
  forecastSeconds: number | null;
  source: LimitSource;
}

/** Health of one provider, as the hub sees it. */
export interface ProviderStatus {
  provider: string;
  state: ProviderState;
  breaker: BreakerState;
  since: string;
  reason: string;
  retryAt: string | null;
  latency: ProviderLatency;
  errorRate: number;
  rateLimit: Record<string, RateLimit>;
  models: string[];
  lastCheckedAt: string;
  source: "probe" | "traffic";
  contextTokens: number | null;
}

/** A provider's status and its newest times to the first token (the median in ms, oldest first). */
export interface ProviderFigures {
  status: ProviderStatus;
  latencies: number[];
}

/** One sentence, or a piece of one. `key` has places in braces, `values` fills each of them. */
export interface Said {
  key: string;
  values: Record<string, string | number>;
}

/** A notice of the hub in a line for people; `afterSeq` is the conversation's position when it came. */
export interface NoticeLine {
  id: string;
  kind: NoticeKind;
  text: string;
  timestamp: string;
  priority: number;
  afterSeq: number;
  conversationId: string | null;
  messageId: string | null;
  said: Said[] | null;
}

/** State of the connection to the hub. `retryAt` is in epoch ms; `message` is one line for people. */
export interface ConnectionInfo {
  state: LinkState;
  attempt: number;
  retryAt: number | null;
  message: string | null;
}

/** One thing that waits for the hub, as views show it; `text` may be only its beginning. */
export interface QueuedItem {
  id: string;
  kind: "delete" | "edit" | "message" | "react";
  messageId: string;
  text: string;
  isCut: boolean;
  files: string[];
  emoji: string;
  isOn: boolean;
  created: string;
  reason: string | null;
  attempted: boolean;
}

/** What waits for the hub: how much (refused included), the first of it, and what people should know. */
export interface Queue {
  count: number;
  items: QueuedItem[];
  note: string;
  asOf: number | null;
}

/** One change of what a view shows. `offset` counts Unicode code points. */
export type Op =
  | { op: "message"; message: ChatMessage }
  | {
      op: "token";
      id: string;
      offset: number;
      text: string;
      metrics?: StreamMetrics | null;
      kind?: StreamKind | null;
    }
  | { op: "streamEnd"; id: string }
  | { op: "participants"; participants: Participant[] }
  | { op: "typing"; userIds: string[] }
  | { op: "readMarks"; marks: Record<string, number> }
  | { op: "conversation"; conversation: ConversationSettings }
  | { op: "call"; call: Call | null }
  | { op: "provider"; provider: ProviderInfo | null }
  | { op: "providers"; providers: ProviderFigures[]; failovers: NoticeLine[] }
  | { op: "notice"; notice: NoticeLine }
  | { op: "connection"; connection: ConnectionInfo }
  | { op: "queue"; queue: Queue }
  | { op: "history"; messages: ChatMessage[]; hasMore: boolean }
  | { op: "paused"; paused: boolean };
