import { createHash } from "node:crypto";
import type { ChatMessage } from "../../src/contract";
import type { Attachment } from "../../src/files/attachment";
import type { ViewMessage } from "../../src/kernel/messages";
import { BO, question } from "./chat";
import { until } from "./until";
import type { View } from "./view";

const PIECE_BYTES = 256 * 1024;

/** A file as the hub tells of it, with its content's own digest. */
export function attachmentOf(name: string, mediaType: string, content: string | Uint8Array): Attachment {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { id: `file-${name}`, name, mediaType, size: bytes.length, sha256 };
}

/** A message of Bo's with files. */
export function withFiles(seq: number, ...files: object[]): ChatMessage {
  return { ...question(seq, "See these.", BO), attachments: files as Record<string, unknown>[] };
}

/** The kernel of a view, as far as files go: keeps what comes up, gives what it has. */
export class KernelFiles {
  readonly content = new Map<string, Uint8Array>();
  readonly arrived = new Map<string, { name: string; size: number; pieces: Uint8Array[] }>();
  readonly forgotten: string[] = [];
  /** What each kind of request is refused with. */
  readonly refuses = new Map<string, string>();
  rows: unknown = [];
  asked: string[] = [];

  constructor(readonly view: View) {
    const { host } = view;
    const send = host.send.bind(host);
    host.send = (message) => {
      send(message);
      this.#hear(message as ViewMessage & { kind: string });
    };
  }

  has(file: Attachment, content: string | Uint8Array): Attachment {
    this.content.set(file.id, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return file;
  }

  #hear(message: ViewMessage): void {
    if (!message.kind.startsWith("file")) return;
    this.asked.push(message.kind);
    const { requestId } = message as { requestId: string };
    const why = this.refuses.get(message.kind);
    const reply = (result: unknown, buffers: DataView[] = []): void =>
      queueMicrotask(() =>
        this.view.host.push(
          why === undefined
            ? { kind: "reply", requestId, ok: true, result }
            : { kind: "reply", requestId, ok: false, error: { message: why } },
          why === undefined && buffers.length > 0 ? buffers : undefined,
        ),
      );
    if (message.kind === "fileBegin") {
      const path = `up/${this.arrived.size}`;
      if (why === undefined) this.arrived.set(path, { name: message.name, size: message.size, pieces: [] });
      reply({ path });
    } else if (message.kind === "filePiece") reply(why ?? this.#take(message));
    else if (message.kind === "fileForget") {
      this.forgotten.push(message.path);
      reply(null);
    } else if (message.kind === "fileRead") {
      const all = this.content.get(message.id) ?? new Uint8Array();
      const piece = all.slice(message.start, message.start + PIECE_BYTES);
      reply(null, [new DataView(piece.buffer, piece.byteOffset, piece.byteLength)]);
    } else if (message.kind === "fileRows") reply(this.rows);
  }

  #take({ path, last, buffers }: Extract<ViewMessage, { kind: "filePiece" }>): object {
    const upload = this.arrived.get(path);
    if (!upload) return { offset: -1 };
    for (const buffer of buffers ?? []) upload.pieces.push(new Uint8Array(buffer as ArrayBuffer));
    const all = Buffer.concat(upload.pieces);
    if (!last) return { offset: all.length };
    return { offset: all.length, file: { ...attachmentOf(upload.name, "text/plain", all), id: path } };
  }
}

/** Draws until `check` no longer throws. */
export function shown(view: View, check: () => void): Promise<void> {
  return until(async () => {
    await view.painted();
    check();
  });
}
