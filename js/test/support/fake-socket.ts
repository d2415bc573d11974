import type { ViewMessage } from "../../src/kernel/messages";

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  readonly sent: ViewMessage[] = [];
  closed = false;
  bufferedAmount = 0;
  /** Does something a little later; with it, pings are answered. */
  later: ((act: () => void) => void) | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly conversation: string) {}

  send(data: string): void {
    const message: ViewMessage = JSON.parse(data);
    this.sent.push(message);
    if (message.kind !== "ping") return;
    this.later?.(() => this.says({ kind: "reply", requestId: message.requestId, ok: true }));
  }

  close(): void {
    this.closed = true;
  }

  opens(): void {
    this.onopen?.();
  }

  drops(): void {
    this.onclose?.();
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** Says something with binary parts. */
  saysWith(message: object, ...buffers: readonly Uint8Array[]): void {
    const parts = [new TextEncoder().encode(JSON.stringify(message)), ...buffers];
    const frame = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
    let at = 0;
    for (const part of parts) {
      new DataView(frame.buffer).setUint32(at, part.length);
      frame.set(part, at + 4);
      at += 4 + part.length;
    }
    this.onmessage?.({ data: frame.buffer });
  }
}
