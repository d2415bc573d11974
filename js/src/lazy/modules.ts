/** What each lazy chunk exports, by its name in `entries.json`. Types only: nothing of it is in the main bundle. */
export interface ChunkModules {
  actions: typeof import("../chunks/actions");
  calls: typeof import("../chunks/calls");
  livekit: typeof import("../chunks/livekit");
  de: typeof import("../chunks/de");
  es: typeof import("../chunks/es");
  zh: typeof import("../chunks/zh");
  context: typeof import("../chunks/context");
  details: typeof import("../chunks/details");
  finding: typeof import("../chunks/finding");
  emoji: typeof import("../chunks/emoji");
  files: typeof import("../chunks/files");
  diagram: typeof import("../chunks/diagram");
  code: typeof import("../chunks/code");
  footnotes: typeof import("../chunks/footnotes");
  maths: typeof import("../chunks/maths");
  tools: typeof import("../chunks/tools");
  "second-way": typeof import("../chunks/second-way");
  sheets: typeof import("../chunks/sheets");
  writing: typeof import("../chunks/writing");
}

export type ChunkName = keyof ChunkModules;
