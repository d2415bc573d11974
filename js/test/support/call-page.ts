import { render, type VNode } from "preact";
import { vi } from "vitest";
import { calls } from "../../src/texts/en/calls";
import { addTexts } from "../../src/texts/texts";
import { effectsRun } from "./effects";

addTexts(calls);

/** What a browser tells of devices; a test sets the list. */
export class FakeDevices extends EventTarget {
  list: MediaDeviceInfo[] = [];
  enumerateDevices = async (): Promise<MediaDeviceInfo[]> => this.list;

  /** Plugs in or unplugs. */
  become(...list: MediaDeviceInfo[]): void {
    this.list = list;
    this.dispatchEvent(new Event("devicechange"));
  }
}

export function device(kind: string, deviceId: string, label: string): MediaDeviceInfo {
  return { kind, deviceId, label } as MediaDeviceInfo;
}

/** A page for a part of a call: it may capture, and its media elements play nothing. */
export class CallPage {
  readonly root = document.createElement("div");
  readonly devices = new FakeDevices();

  constructor() {
    vi.stubGlobal("MediaStream", class {});
    vi.stubGlobal(
      "ResizeObserver",
      class {
        observe(): void {}
        disconnect(): void {}
      },
    );
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
      value: null,
      writable: true,
      configurable: true,
    });
    this.mayCapture(true);
    document.body.append(this.root);
  }

  mayCapture(may: boolean): void {
    Object.defineProperty(navigator, "mediaDevices", {
      value: may ? this.devices : undefined,
      configurable: true,
    });
  }

  async show(part: VNode): Promise<void> {
    render(part, this.root);
    await effectsRun();
  }

  close(): void {
    render(null, this.root);
    this.root.remove();
    vi.unstubAllGlobals();
  }
}
