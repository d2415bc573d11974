import { expect, it } from "vitest";
import { createKernelLink } from "../../src/kernel-link";
import { askForChunk } from "../../src/lazy/ask";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

function asking() {
  const host = new FakeHost();
  const link = createKernelLink({
    host,
    clock: new FakeClock(),
    lifetime: new AbortController().signal,
    position: () => 0,
    heard: () => {},
    overdue: () => "late",
  });
  const bytes = askForChunk(link)("code");
  const [asked] = host.all("chunk");
  return { host, bytes, requestId: asked?.requestId ?? "", name: asked?.name };
}

it("asks the kernel by name and gives the bytes beside its reply", async () => {
  const { host, bytes, requestId, name } = asking();
  expect(name).toBe("code");
  const content = new DataView(new Uint8Array([31, 139]).buffer);
  host.push({ kind: "reply", requestId, ok: true, result: null }, [content]);
  expect(await bytes).toBe(content);
});

it("says what the kernel says when there is none", async () => {
  const refused = asking();
  refused.host.push({ ...refusal(refused.requestId) });
  await expect(refused.bytes).rejects.toThrow("is not one that this version has");
  const empty = asking();
  empty.host.push({ kind: "reply", requestId: empty.requestId, ok: true });
  await expect(empty.bytes).rejects.toThrow("The kernel sent nothing.");
});

const refusal = (requestId: string) =>
  ({
    kind: "reply",
    requestId,
    ok: false,
    error: { message: "chunk: is not one that this version has." },
  }) as const;
