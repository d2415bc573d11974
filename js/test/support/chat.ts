import type {
  ChatMessage,
  MessageMetadata,
  Op,
  Participant,
  ProviderFigures,
  ProviderStatus,
  StreamMetrics,
} from "../../src/contract";
import type { ChatState } from "../../src/kernel/messages";

export const ADA: Participant = person("ada", "Ada");
export const BO: Participant = person("bo", "Bo");

export function person(userId: string, userName: string): Participant {
  return {
    ...{ userId, userName, initials: userName[0] ?? "", avatarUrl: null, color: "#336699" },
    ...{ state: "active", typing: false, lastReadSeq: 0 },
  };
}

export function question(seq: number, content: string, by: Participant = BO): ChatMessage {
  const { userId, userName } = by;
  return { id: `q${seq}`, role: "user", content, author: { userId, userName }, metadata: { seq } };
}

export function answer(seq: number, content: string, metadata: MessageMetadata = {}): ChatMessage {
  return { id: `a${seq}`, role: "assistant", content, metadata: { seq, status: "complete", ...metadata } };
}

/** Ada's view of an empty, live conversation. */
export function chatState(change: Partial<ChatState> = {}): ChatState {
  return {
    conversationId: "team",
    epoch: "e",
    seq: 0,
    self: { userId: "ada", userName: "Ada" },
    connection: { state: "live", attempt: 0, retryAt: null, message: null },
    provider: null,
    providers: [],
    failovers: [],
    notices: [],
    participants: [ADA, BO],
    typing: [],
    messages: [],
    streams: {},
    hasMore: false,
    ...change,
  };
}

export function token(id: string, offset: number, text: string, metrics?: StreamMetrics): Op {
  return { op: "token", id, offset, text, ...(metrics && { metrics }) };
}

/** A healthy provider as a view has it. */
export function figures(
  provider: string,
  change: Partial<ProviderStatus> = {},
  latencies: number[] = [],
): ProviderFigures {
  const status: ProviderStatus = {
    ...{ provider, state: "healthy", breaker: "closed", since: "", reason: "", retryAt: null, latency: {} },
    ...{ errorRate: 0, rateLimit: {}, models: [], lastCheckedAt: "", source: "traffic", contextTokens: null },
    ...change,
  };
  return { status, latencies };
}
