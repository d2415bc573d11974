// One store a model, made of its parts: each part keeps what it needs and talks to the kernel through the core.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { browserClock, type Clock } from "../clock";
import { type Composing, createComposing } from "../composing/composing";
import type { Picture } from "../drawing/picture";
import type { Host } from "../host/host";
import type { KernelRequest } from "../kernel/link";
import type { ChatState } from "../kernel/messages";
import { askForChunk } from "../lazy/ask";
import { type Chunks, createChunks } from "../lazy/chunks";
import type { Attached } from "../mount";
import type { Selectors } from "../state/selectors";
import type { ViewState } from "../state/state";
import { stopHint } from "../state/troubles";
import type { Way } from "../state/way";
import { speakAsAsked } from "../texts/speaking";
import { retold } from "../texts/texts";
import { type Acting, createActing } from "./acting";
import { type Branching, createBranching } from "./branching";
import { type Core, createCore } from "./core";
import { createDeleting, type Deleting } from "./deleting";
import { createFinding, type Finding } from "./finding";
import { createHistory, type History } from "./history";
import { createKeeper, type Keeper } from "./keeper";
import { createPausing, type Pausing } from "./pausing";
import { createReading, type Reading } from "./reading";
import { createSending, type Sending } from "./sending";
import { createStopping, type Stopping } from "./stopping";

type Drawn = Pick<Picture, "chat" | "outbox" | "announcements" | "liveText">;
type Parts = Way & Drawn & Sending & History & Branching & Acting & Deleting & Pausing & Reading & Finding;

export interface Store extends Parts {
  readonly host: Host;
  /** Ends with the model. */
  readonly lifetime: AbortSignal;
  readonly select: Selectors;
  /** All that is known, drawn or not. */
  state(): ViewState;
  /** The parts of the chat that are fetched when they are needed. */
  readonly chunks: Chunks;
  /** What belongs to the writing of messages. */
  readonly composing: Composing;
  /** What went wrong with the last action, in words. */
  readonly notice: ReadonlySignal<string | null>;
  readonly stopping: ReadonlySignal<boolean>;
  /** Height asked for in Python, in px; 0 is the default. */
  readonly height: ReadonlySignal<number>;
  /** A view came up: nothing is drawn, and nobody asked for anything, without one. */
  attach(): Attached;
  stop(messageId: string): void;
  /** Asks the kernel; resolves with its result, rejects with an Error in plain words. */
  ask<Result = unknown>(request: KernelRequest): Promise<Result>;
  /** Asks the hub how its providers are. */
  askProviders(): void;
}

/** Opens the store of a model; everything it holds ends with `lifetime`. */
export function createStore(
  host: Host,
  lifetime: AbortSignal,
  clock: Clock = browserClock,
  keeper: Keeper = createKeeper(),
): Store {
  // Where the part does not come, the kernel's way remains, or the next state of a shared kernel is another try.
  const openWay = (shared?: ChatState): void => {
    chunks.load("second-way").then(
      (part) => part.openWay(core, shared),
      () => {},
    );
  };
  const core = createCore(host, lifetime, clock, keeper, openWay);
  const { link, picture } = core;
  const branching = createBranching(core);
  const acting = createActing(core, branching);
  const history = createHistory(core);
  const pausing = createPausing(core);
  const stopping = createStopping(clock, link, core.told);
  core.endWith(stopping.end);
  const chunks = createChunks(askForChunk(link));
  core.onPlace(() => {
    if (core.state().chat?.variables) openWay();
  });
  speakAsAsked(host, lifetime, chunks, picture.chat);
  return {
    ...picture,
    ...branching,
    ...createSending(core, branching, acting),
    ...acting,
    ...createDeleting(core),
    ...pausing,
    ...createReading(core),
    ...history,
    ...createFinding(core, branching, history.loadEarlier),
    ...{ clock, host, lifetime, state: core.state },
    select: core.select,
    composing: createComposing(host, lifetime, picture.chat),
    chunks,
    connection: core.connection,
    second: link.second,
    kernel: link.health,
    retryConnection: link.retry,
    notice: noticeOf(core, stopping),
    stopping: computed(() => stopping.id.value !== null),
    stop: stopping.stop,
    height: heightOf(host, lifetime),
    attach: () => together([picture.attach(), link.attach()]),
    ask: (request) => asked(core, request),
    askProviders: () => link.tell({ kind: "providers" }),
  };
}

function asked<Result>({ link }: Core, request: KernelRequest): Promise<Result> {
  return new Promise((resolve, reject) => {
    link.request(request, (reply) => {
      if (reply.ok) resolve((reply.buffers?.[0] ?? reply.result) as Result);
      else reject(new Error(retold(reply.error.message)));
    });
  });
}

/** What went wrong, or why Stop has not worked yet. */
function noticeOf({ failure, select, link, connection }: Core, stopping: Stopping): Store["notice"] {
  return computed(() => {
    const { value: overdue } = stopping.overdue;
    if (overdue === null || overdue !== select.stoppable.value) return failure.value;
    return stopHint(link.unheard.value, link.health.value, connection.value);
  });
}

/** One view, for each part that wants to know of views. */
function together(views: readonly Attached[]): Attached {
  return {
    seen(inSight) {
      for (const view of views) view.seen(inSight);
    },
    end() {
      for (const view of views) view.end();
    },
  };
}

function heightOf(host: Host, lifetime: AbortSignal): ReadonlySignal<number> {
  const read = (): number => {
    const value = Number(host.trait("height"));
    return Number.isFinite(value) && value > 0 ? value : 0;
  };
  const height = signal(read());
  const update = (): void => {
    height.value = read();
  };
  host.onTrait("height", update, lifetime);
  return height;
}
