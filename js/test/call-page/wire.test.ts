// The hub's protocol as far as a call needs it, against a socket whose other end is the test.
import { beforeEach, describe, expect, it } from "vitest";
import { openWire, type Wire } from "../../src/call-page/wire";
import { FakeClock, settled } from "../support/fake-clock";

const END = "\u001e";

class Socket {
  readonly sent: string[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(data: string): void {
    this.sent.push(data);
  }

  /** As a browser's: it is told later that it is closed. */
  close(): void {
    this.closed = true;
  }

  says(...records: object[]): void {
    this.onmessage?.({ data: records.map((each) => JSON.stringify(each) + END).join("") });
  }

  get asked(): { type: number; target?: string; invocationId?: string; arguments?: unknown[] }[] {
    return this.sent.slice(1).map((each) => JSON.parse(each.slice(0, -1)));
  }
}

let clock: FakeClock;
let sockets: Socket[];
let told: unknown[];
let wire: Wire;
beforeEach(() => {
  [clock, sockets, told] = [new FakeClock(), [], []];
  wire = openWire({
    clock,
    open() {
      sockets.push(new Socket());
      return sockets.at(-1) as unknown as WebSocket;
    },
    hear: (target, values) => told.push([target, values]),
    connected: () => told.push("connected"),
    lost: (reason) => told.push(["lost", reason]),
  });
});

const socket = (): Socket => sockets.at(-1) as Socket;

function connect(): Socket {
  socket().onopen?.();
  socket().says({});
  return socket();
}

/** What comes of a request: its result, or why there is none. */
function outcome(asking: Promise<unknown>): Promise<unknown> {
  return asking.then(
    (result) => result,
    (error: Error) => `failed: ${error.message}`,
  );
}

describe("the handshake", () => {
  it("comes first, and nothing is asked before it is answered", async () => {
    expect(await outcome(wire.invoke("Join"))).toBe("failed: The connection was lost.");
    socket().onopen?.();
    expect(socket().sent).toEqual([`{"protocol":"json","version":1}${END}`]);
    expect(await outcome(wire.invoke("Join"))).toBe("failed: The connection was lost.");
    expect(told).toEqual([]);
    socket().says({});
    expect(told).toEqual(["connected"]);
  });

  it("that is refused ends it, with the reason", () => {
    socket().onopen?.();
    socket().says({ error: "The token has expired." });
    expect(told).toEqual([["lost", "The token has expired."]]);
    socket().onclose?.();
    clock.advance(60_000);
    expect([sockets.length, socket().closed, clock.pending]).toEqual([1, true, 0]);
  });

  it("that nobody answers is not waited for without end", () => {
    socket().onopen?.();
    clock.advance(60_000);
    expect(socket().closed).toBe(true);
    socket().onclose?.();
    clock.advance(0);
    expect(sockets).toHaveLength(2);
  });
});

describe("what is asked", () => {
  it("goes under a number of its own and is answered in any order", async () => {
    connect();
    const answers = [wire.invoke("A", 1, null), wire.invoke("B")].map(outcome);
    expect(socket().asked).toEqual([
      { type: 1, invocationId: "1", target: "A", arguments: [1, null] },
      { type: 1, invocationId: "2", target: "B", arguments: [] },
    ]);
    socket().says({ type: 3, invocationId: "2", result: "b" }, { type: 3, invocationId: "1", error: "no" });
    expect(await Promise.all(answers)).toEqual(["failed: no", "b"]);
  });

  it("is answered once; what nobody asked for is nothing", async () => {
    connect();
    const answer = outcome(wire.invoke("A"));
    socket().says(
      { type: 3, invocationId: "__proto__", result: 1 },
      { type: 3 },
      { type: 3, invocationId: "1", result: null },
      { type: 3, invocationId: "1", result: "again" },
    );
    expect(await answer).toBeNull();
  });

  it("and not answered for long has failed", async () => {
    connect();
    const answer = outcome(wire.invoke("A"));
    clock.advance(15_000);
    expect(await answer).toBe("failed: The hub did not answer.");
    socket().says({ type: 3, invocationId: "1", result: "late" });
  });

  it("and on its way when the connection goes has failed", async () => {
    connect();
    const answer = outcome(wire.invoke("A"));
    socket().onclose?.();
    expect(await answer).toBe("failed: The connection was lost.");
  });
});

describe("what is heard", () => {
  it("may be several in one frame, with or without values, and of kinds that are not known", () => {
    connect();
    socket().says({ type: 1, target: "call", arguments: [{ a: 1 }] }, { type: 1 }, { type: 99 }, { type: 6 });
    expect(told.slice(1)).toEqual([
      ["call", [{ a: 1 }]],
      ["", []],
    ]);
  });
});

describe("a connection", () => {
  it("is kept alive, and given up where nothing is heard for a minute", () => {
    connect();
    clock.advance(45_000);
    expect(socket().asked.map(({ type }) => type)).toEqual([6, 6, 6]);
    socket().says({ type: 6 });
    clock.advance(59_999);
    expect(socket().closed).toBe(false);
    clock.advance(1);
    expect(socket().closed).toBe(true);
  });

  it("that is lost is made again, ever more slowly, and at once the next time", () => {
    connect();
    const waits = [0, 1_000, 2_000, 5_000, 10_000, 10_000];
    for (const [index, wait] of waits.entries()) {
      socket().onclose?.();
      if (wait > 0) clock.advance(wait - 1);
      expect(sockets.length).toBe(index + 1);
      clock.advance(1);
      expect(sockets.length).toBe(index + 2);
    }
    connect();
    socket().onclose?.();
    clock.advance(0);
    expect(sockets).toHaveLength(waits.length + 2);
    expect(told.filter((each) => each !== "connected")).toEqual(Array(waits.length + 1).fill(["lost", null]));
  });

  it("is made again where the hub says so, and not where it says goodbye", () => {
    connect().says({ type: 7, allowReconnect: true, error: "restart" });
    expect(socket().closed).toBe(true);
    socket().onclose?.();
    clock.advance(0);
    connect().says({ type: 7, error: "You were removed." });
    expect(told.at(-1)).toEqual(["lost", "You were removed."]);
    socket().onclose?.();
    clock.advance(60_000);
    expect(sockets).toHaveLength(2);
  });

  it("of before says nothing any more", () => {
    const old = connect();
    old.onclose?.();
    clock.advance(0);
    connect();
    const before = told.length;
    old.onclose?.();
    expect(told).toHaveLength(before);
  });

  it("that is closed here leaves nothing behind, whenever that is", async () => {
    connect();
    const answer = outcome(wire.invoke("A"));
    wire.close();
    await settled();
    expect(await answer).toBe("failed: The connection was lost.");
    expect([socket().closed, clock.pending]).toEqual([true, 0]);
    socket().onclose?.();
    expect([told, clock.pending]).toEqual([["connected"], 0]);
  });

  it("that is closed here while it is to be made again is not made", () => {
    connect();
    socket().onclose?.();
    wire.close();
    clock.advance(60_000);
    expect(sockets).toHaveLength(1);
  });
});
