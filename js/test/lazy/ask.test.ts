import { expect, it } from "vitest";
import { createKernelLink } from "../../src/kernel/link";
import { askForChunk } from "../../src/lazy/ask";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";
import { until } from "../support/until";

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

const view = (...bytes: number[]): DataView => new DataView(new Uint8Array(bytes).buffer);

async function bytesOf(part: BlobPart): Promise<number[]> {
  return [...new Uint8Array(await new Blob([part]).arrayBuffer())];
}

it("asks the kernel by name and gives the bytes beside its reply", async () => {
  const { host, bytes, requestId, name } = asking();
  expect(name).toBe("code");
  host.push({ kind: "reply", requestId, ok: true, result: 2 }, [view(31, 139)]);
  expect(await bytesOf(await bytes)).toEqual([31, 139]);
});

it("asks for a large one slice by slice, the next when the one before has come", async () => {
  const { host, bytes, requestId } = asking();
  host.push({ kind: "reply", requestId, ok: true, result: 5 }, [view(1, 2)]);
  for (const [place, slice] of [
    [2, view(3, 4)],
    [4, view(5)],
  ] as const) {
    await until(() => expect(host.all("chunk").at(-1)).toMatchObject({ name: "code", from: place }));
    const next = host.all("chunk").at(-1)?.requestId ?? "";
    host.push({ kind: "reply", requestId: next, ok: true, result: 5 }, [slice]);
  }
  expect(await bytesOf(await bytes)).toEqual([1, 2, 3, 4, 5]);
  expect(host.all("chunk").map(({ from }) => from)).toEqual([0, 2, 4]);
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
