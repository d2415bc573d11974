// The links of a mesh, one to each other browser, with links that only write down what is asked of them.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Carrier } from "../../src/calls/carrier";
import { createMesh } from "../../src/calls/mesh";
import type { Call, CallSignal, IceServer } from "../../src/contract";
import { FakeClock, settled } from "../support/fake-clock";

interface Given {
  peerId: string;
  polite: boolean;
  relayOnly: boolean;
  iceServers: object[];
  local: Record<string, unknown>;
  send(signal: object): void;
  pointed(text: string): void;
}

interface Link {
  given: Given;
  asked: unknown[][];
  step: number | Error;
}

const links = vi.hoisted(() => [] as Link[]);
vi.mock("../../src/calls/peer-link", () => ({
  createPeerLink(given: Given) {
    const link: Link = { given: { ...given, local: { ...given.local } }, asked: [], step: 0 };
    links.push(link);
    const asks =
      (name: string) =>
      (...args: unknown[]) =>
        void link.asked.push([name, ...args]);
    return {
      ...{ peerId: given.peerId, state: signal("connecting") },
      ...Object.fromEntries(
        ["close", "limit", "setLocal", "receive", "point", "setServers", "restart"].map((name) => [
          name,
          asks(name),
        ]),
      ),
      async measure() {
        link.asked.push(["measure"]);
        if (link.step instanceof Error) throw link.step;
        return link.step;
      },
    };
  },
}));

const OFFER = { type: "offer", sdp: "v=0" } as unknown as CallSignal["signal"];
const TRACK = { id: "t" } as MediaStreamTrack;

let clock: FakeClock;
let sent: unknown[];
let mesh: Carrier;
beforeEach(() => open());

function open(servers: readonly IceServer[] = []): void {
  links.length = 0;
  [clock, sent] = [new FakeClock(), []];
  mesh = createMesh("m", servers, clock, {
    signal: (to, told) => sent.push(["signal", to, told]),
    pointed: (from, words) => sent.push(["pointed", from, words]),
    async rejoin() {},
  });
}

const asked = (peerId: string, name: string): unknown[][] =>
  links
    .filter(({ given }) => given.peerId === peerId)
    .flatMap((link) => link.asked)
    .filter(([each]) => each === name)
    .map(([, ...args]) => args);

describe("who is in the call", () => {
  it("has a link each, of which one end is polite", () => {
    mesh.setPeers(["a", "z"]);
    expect(links.map(({ given: { peerId, polite } }) => [peerId, polite])).toEqual([
      ["a", false],
      ["z", true],
    ]);
    expect([...mesh.remotes.value.keys()]).toEqual(["a", "z"]);
  });

  it("keeps the link while others come and go", () => {
    mesh.setPeers(["a"]);
    mesh.setPeers(["a", "b"]);
    mesh.setPeers(["b"]);
    expect([links.length, asked("a", "close").length, asked("b", "close").length]).toEqual([2, 1, 0]);
    expect([...mesh.remotes.value.keys()]).toEqual(["b"]);
  });

  it("has another link after coming back", () => {
    for (const peers of [["a"], [], ["a"]]) mesh.setPeers(peers);
    expect(links).toHaveLength(2);
  });

  it("gets smaller pictures from so many on, and whole ones again", () => {
    mesh.setPeers(["a", "b"]);
    mesh.setPeers(["a", "b", "c"]);
    mesh.setPeers(["a"]);
    expect(asked("a", "limit")).toEqual([[0], [1], [0]]);
  });

  it.each(["__proto__", "constructor", ""])("may be called %j", (peerId) => {
    mesh.setPeers([peerId]);
    mesh.receive(peerId, OFFER);
    expect([mesh.remotes.value.size, asked(peerId, "receive").length]).toEqual([1, 1]);
  });
});

describe("a signal", () => {
  it("goes to the peer whose link it is, and comes from it", () => {
    mesh.setPeers(["a", "b"]);
    mesh.receive("b", OFFER);
    expect([asked("a", "receive"), asked("b", "receive")]).toEqual([[], [[OFFER]]]);
    links[0]?.given.send(OFFER);
    links[1]?.given.pointed("here");
    expect(sent).toEqual([
      ["signal", "a", OFFER],
      ["pointed", "b", "here"],
    ]);
  });

  it("that is faster than the news of who is there is kept for it, in order", () => {
    const told = [1, 2, 3].map((candidate) => ({ candidate }) as unknown as CallSignal["signal"]);
    for (const each of told) mesh.receive("a", each);
    mesh.receive("other", OFFER);
    mesh.setPeers(["a"]);
    expect(asked("a", "receive")).toEqual(told.map((each) => [each]));
    mesh.setPeers(["a", "other"]);
    expect([asked("a", "receive").length, asked("other", "receive").length]).toEqual([3, 1]);
  });

  it("of nobody who ever comes is not kept without end: the newest are", () => {
    const told = Array.from(
      { length: 200 },
      (_, candidate) => ({ candidate }) as unknown as CallSignal["signal"],
    );
    for (const each of told) mesh.receive("a", each);
    mesh.setPeers(["a"]);
    expect(asked("a", "receive")).toEqual(told.slice(-128).map((each) => [each]));
  });
});

it("what one sends goes to everybody, also to those who come later", () => {
  mesh.setPeers(["a"]);
  mesh.setLocal("audio", TRACK);
  mesh.setPeers(["a", "b"]);
  mesh.point("0.5,0.5");
  expect(asked("a", "setLocal")).toEqual([["audio", TRACK]]);
  expect(links[1]?.given.local).toEqual({ audio: TRACK, video: null, screen: null });
  expect([asked("a", "point"), asked("b", "point")]).toEqual([[["0.5,0.5"]], [["0.5,0.5"]]]);
});

describe("the servers", () => {
  it.each([
    [[], false],
    [[{ urls: ["stun:s"] }], false],
    [[{ urls: ["stun:s", "turn:t"] }], true],
    [[{ urls: ["turns:t"] }], true],
  ] as unknown as [IceServer[], boolean][])("%j have a relay: %s", (servers, relay) => {
    open(servers);
    expect(mesh.hasRelay).toBe(relay);
  });

  it("have a name and a password, or neither", () => {
    open([
      { urls: ["turn:t"], username: "u", credential: "c" },
      { urls: ["turn:u"], username: "u", credential: null },
    ] as unknown as IceServer[]);
    mesh.setPeers(["a"]);
    expect(links[0]?.given.iceServers).toEqual([
      { urls: ["turn:t"], username: "u", credential: "c" },
      { urls: ["turn:u"] },
    ]);
  });

  it("are renewed for all, and for whoever comes later", () => {
    mesh.setPeers(["a"]);
    mesh.renew({ iceServers: [{ urls: ["turn:new"] }] } as unknown as Call);
    mesh.setPeers(["a", "b"]);
    expect(asked("a", "setServers")).toEqual([[[{ urls: ["turn:new"] }]]]);
    expect(links[1]?.given.iceServers).toEqual([{ urls: ["turn:new"] }]);
    mesh.renew({ iceServers: null } as unknown as Call);
    expect(asked("b", "setServers")).toEqual([[[]]]);
  });

  it("are looked through anew when the network has changed", () => {
    mesh.setPeers(["a", "b"]);
    mesh.restart();
    expect([asked("a", "restart").length, asked("b", "restart").length]).toEqual([1, 1]);
  });
});

describe("how thin the line is", () => {
  const look = async (): Promise<void> => {
    clock.advance(2_000);
    await settled();
    await settled();
  };

  it("is measured again and again, to everybody", async () => {
    mesh.setPeers(["a", "b"]);
    await look();
    expect(mesh.thin.value).toBe(false);
    (links[1] as Link).step = 2;
    await look();
    expect(mesh.thin.value).toBe(true);
    (links[1] as Link).step = 0;
    await look();
    expect([mesh.thin.value, asked("a", "measure").length]).toEqual([false, 3]);
  });

  it("is measured also where one link cannot be", async () => {
    mesh.setPeers(["a", "b"]);
    (links[0] as Link).step = new Error("closed");
    (links[1] as Link).step = 1;
    await look();
    expect(mesh.thin.value).toBe(true);
    await look();
    expect(asked("b", "measure")).toHaveLength(2);
  });
});

it("closed it has no links, makes none, and waits for nothing", async () => {
  mesh.setPeers(["a", "b"]);
  mesh.close();
  expect([asked("a", "close").length, asked("b", "close").length, mesh.remotes.value.size]).toEqual([
    1, 1, 0,
  ]);
  mesh.setPeers(["a"]);
  mesh.receive("a", OFFER);
  expect([links.length, clock.pending]).toEqual([2, 0]);
});
