import type { VNode } from "preact";

/** A line drawing on a field of 16 by 16. */
export function icon(path: string): () => VNode {
  return () => (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export const SendIcon = icon("M8 13V3M3.5 7.5 8 3l4.5 4.5");
export const CopyIcon = icon("M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z");
export const CheckIcon = icon("m3 8.5 3.2 3.2L13 5");
export const DownIcon = icon("M8 3v10M3.5 8.5 8 13l4.5-4.5");
export const UnfoldIcon = icon("m3.5 6 4.5 4.5L12.5 6");
/** The model's avatar: a four-pointed spark. */
export const SparkIcon = icon(
  "M8 1.8c.6 3.8 2.4 5.6 6.2 6.2-3.8.6-5.6 2.4-6.2 6.2-.6-3.8-2.4-5.6-6.2-6.2 3.8-.6 5.6-2.4 6.2-6.2z",
);

export function StopIcon(): VNode {
  return (
    <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true" focusable="false">
      <rect x="3" y="3" width="10" height="10" rx="2" fill="currentColor" />
    </svg>
  );
}
