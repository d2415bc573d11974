import { computed, type ReadonlySignal } from "@preact/signals";
import type {
  ChatMessage,
  ConversationSettings,
  NoticeLine,
  Participant,
  ProviderFigures,
  ProviderInfo,
  Queue,
} from "../contract";
import { isLost } from "../kernel/link";
import type { ChatState } from "../kernel/messages";
import { isFinal } from "../messages/parts";

/** Slices of the chat that change only when their part does: a token must not render the whole view. */
export interface Selectors {
  /** The chat apart from what is being written: the same object while nothing but `streams` changes. */
  settled: ReadonlySignal<ChatState | null>;
  messages: ReadonlySignal<readonly ChatMessage[]>;
  participants: ReadonlySignal<readonly Participant[]>;
  typing: ReadonlySignal<readonly string[]>;
  provider: ReadonlySignal<ProviderInfo | null>;
  providers: ReadonlySignal<readonly ProviderFigures[]>;
  failovers: ReadonlySignal<readonly NoticeLine[]>;
  notices: ReadonlySignal<readonly NoticeLine[]>;
  readMarks: ReadonlySignal<Readonly<Record<string, number>>>;
  conversation: ReadonlySignal<ConversationSettings | null>;
  queue: ReadonlySignal<Queue | undefined>;
  hasMore: ReadonlySignal<boolean>;
  selfId: ReadonlySignal<string>;
  conversationId: ReadonlySignal<string>;
  /** Id of the answer that Stop would end: the one being written, else the oldest waiting one; none without a kernel. */
  stoppable: ReadonlySignal<string | null>;
  /** Whether text of this message is being streamed. */
  streaming(id: string): boolean;
}

const NOBODY: readonly Participant[] = [];
const NOTHING: readonly ChatMessage[] = [];
const NO_PROVIDERS: readonly ProviderFigures[] = [];
const NO_LINES: readonly NoticeLine[] = [];
const NONE: readonly string[] = [];
const NO_MARKS: Readonly<Record<string, number>> = {};

export function createSelectors(
  chat: ReadonlySignal<ChatState | null>,
  kernel: ReadonlySignal<string>,
): Selectors {
  const streamIds = computed(() => Object.keys(chat.value?.streams ?? {}).join("\n"));
  const openIds = computed(() => new Set(streamIds.value.split("\n")));
  const messages = computed(() => chat.value?.messages ?? NOTHING);
  let before: ChatState | null = null;
  return {
    settled: computed(() => {
      const now = chat.value;
      if (!now || !before || !isSettled(before, now)) before = now;
      return before;
    }),
    messages,
    participants: computed(() => chat.value?.participants ?? NOBODY),
    typing: computed(() => chat.value?.typing ?? NONE),
    provider: computed(() => chat.value?.provider ?? null),
    providers: computed(() => chat.value?.providers ?? NO_PROVIDERS),
    failovers: computed(() => chat.value?.failovers ?? NO_LINES),
    notices: computed(() => chat.value?.notices ?? NO_LINES),
    readMarks: computed(() => chat.value?.readMarks ?? NO_MARKS),
    conversation: computed(() => chat.value?.conversation ?? null),
    queue: computed(() => chat.value?.queue),
    hasMore: computed(() => chat.value?.hasMore ?? false),
    selfId: computed(() => chat.value?.self.userId ?? ""),
    conversationId: computed(() => chat.value?.conversationId ?? ""),
    stoppable: computed(() => (isLost(kernel.value) ? null : stoppable(messages.value, openIds.value))),
    streaming: (id) => openIds.value.has(id),
  };
}

function isSettled(before: ChatState, now: ChatState): boolean {
  const keys = Object.keys({ ...before, ...now }) as (keyof ChatState)[];
  return keys.every((key) => key === "streams" || before[key] === now[key]);
}

function stoppable(messages: readonly ChatMessage[], streams: ReadonlySet<string>): string | null {
  const open = messages.filter((message) => message.role === "assistant" && !isFinal(message));
  const writing = open.find((message) => streams.has(message.id) || message.metadata?.status === "streaming");
  return (writing ?? open.find((message) => message.metadata?.status === "queued"))?.id ?? null;
}
