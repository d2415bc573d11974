import { vi } from "vitest";

/** A microphone whose browser is the test: it asks, and records what is one byte a time. */
export class FakeMicrophone {
  readonly tracks: { readyState: string; onended: (() => void) | null; stop(): void }[] = [];
  #asked: ((name: string | null) => void)[] = [];

  /** In a page that may capture. */
  constructor() {
    const getUserMedia = (): Promise<object> =>
      new Promise((resolve, reject) => {
        this.#asked.push((name) => {
          if (name !== null) {
            reject(Object.assign(new Error(), { name }));
            return;
          }
          const track = { readyState: "live", onended: null, stop: () => (track.readyState = "ended") };
          this.tracks.push(track as never);
          resolve({ getTracks: () => [track] });
        });
      });
    Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia }, configurable: true });
    vi.stubGlobal("MediaRecorder", FakeRecorder);
    vi.stubGlobal(
      "AudioContext",
      class {
        createAnalyser = (): object => ({ getFloatTimeDomainData: (to: Float32Array) => to.fill(0.1) });
        createMediaStreamSource = (): object => ({ connect() {} });
        close = async (): Promise<void> => {};
      },
    );
  }

  get asking(): number {
    return this.#asked.length;
  }

  get isOpen(): boolean {
    return this.tracks.some(({ readyState }) => readyState === "live");
  }

  allow(): void {
    this.#asked.shift()?.(null);
  }

  refuse(name: string): void {
    this.#asked.shift()?.(name);
  }

  static end(): void {
    vi.unstubAllGlobals();
    Reflect.deleteProperty(navigator, "mediaDevices");
  }
}

/** What records: one byte. */
export class FakeRecorder {
  static isTypeSupported = (): boolean => true;
  mimeType = "audio/webm;codecs=opus";
  state = "recording";
  onstop: (() => void) | null = null;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;

  start(): void {}

  stop(): void {
    this.state = "inactive";
    queueMicrotask(() => {
      this.ondataavailable?.({ data: new Blob(["x"]) });
      this.onstop?.();
    });
  }
}
