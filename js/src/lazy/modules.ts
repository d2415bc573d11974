/** What each lazy chunk exports, by its name in `entries.json`. Types only: nothing of it is in the main bundle. */
export interface ChunkModules {
  actions: typeof import("../chunks/actions");
  calls: typeof import("../chunks/calls");
  livekit: typeof import("../chunks/livekit");
  de: typeof import("../chunks/languages/de");
  es: typeof import("../chunks/languages/es");
  zh: typeof import("../chunks/languages/zh");
  context: typeof import("../chunks/context");
  details: typeof import("../chunks/details");
  finding: typeof import("../chunks/finding");
  emoji: typeof import("../chunks/emoji");
  files: typeof import("../chunks/files");
  diagram: typeof import("../chunks/drawing/diagram");
  code: typeof import("../chunks/drawing/code");
  footnotes: typeof import("../chunks/drawing/footnotes");
  maths: typeof import("../chunks/drawing/maths");
  tools: typeof import("../chunks/drawing/tools");
  queue: typeof import("../chunks/queue");
  "second-way": typeof import("../chunks/second-way");
  sheets: typeof import("../chunks/sheets");
  voice: typeof import("../chunks/voice");
  writing: typeof import("../chunks/writing");
}

export type ChunkName = keyof ChunkModules;
