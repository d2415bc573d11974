// The files of messages, as the hub tells of them.
import type { ChatMessage } from "../contract";

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** What can be done with a file in the page, by its content. */
export type FileKind = "image" | "audio" | "video" | "table" | "text" | "pdf" | "other";

const IMAGES = new Set(["png", "jpeg", "gif", "webp", "avif", "bmp"].map((type) => `image/${type}`));
const AUDIO = new Set(["aac", "flac", "mp4", "mpeg", "ogg", "wav", "webm"].map((type) => `audio/${type}`));
const VIDEO = new Set(["mp4", "webm", "quicktime"].map((type) => `video/${type}`));
const TABLES = new Set(["text/csv", "text/tab-separated-values", "application/vnd.apache.parquet"]);
const TEXTS = new Set(["json", "jsonl", "x-ipynb+json", "toml", "yaml"].map((type) => `application/${type}`));

/** The files of a message; what another hub wrote, and is none, is left out. */
export function attachmentsOf(message: ChatMessage): Attachment[] {
  return (message.attachments ?? []).filter(isAttachment);
}

function isAttachment(value: unknown): value is Attachment & Record<string, unknown> {
  const file = Object(value) as Partial<Record<keyof Attachment, unknown>>;
  return (
    [file.id, file.name, file.mediaType, file.sha256].every((each) => typeof each === "string") &&
    Number.isSafeInteger(file.size)
  );
}

/** Only what is on a list is drawn or played; a page, a script or an SVG is none of these. */
export function kindOf({ mediaType }: Pick<Attachment, "mediaType">): FileKind {
  if (IMAGES.has(mediaType)) return "image";
  if (AUDIO.has(mediaType)) return "audio";
  if (VIDEO.has(mediaType)) return "video";
  if (TABLES.has(mediaType)) return "table";
  if (mediaType === "application/pdf") return "pdf";
  return mediaType.startsWith("text/") || TEXTS.has(mediaType) ? "text" : "other";
}

/** Whether a file is a voice message that was recorded here, or looks like one. */
export function isVoice(file: Pick<Attachment, "name" | "mediaType">): boolean {
  return kindOf(file) === "audio" && /^voice-[\d-]+\.\w+$/.test(file.name);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size as people read it. */
export function sizeText(size: number, language: string): string {
  const power = size < 1000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(size / 1000 ** power);
}
