// The official client over every transport in both encodings: the same checks for each combination.
import { readFileSync } from "node:fs";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";
import { assert, collect, next, settings, signalR, within } from "./check.mjs";

const { url, token, combinations } = settings;
const protocols = { json: () => new signalR.JsonHubProtocol(), messagepack: () => new MessagePackHubProtocol() };

/** One combination's way to build connections. */
function builder({ transport, protocol }) {
  return function build({ address = url, bearer = token, reconnect = false, stateful = false } = {}) {
    const options = { transport: signalR.HttpTransportType[transport] };
    if (bearer !== null) options.accessTokenFactory = () => bearer;
    const made = new signalR.HubConnectionBuilder()
      .withUrl(address, options)
      .withHubProtocol(protocols[protocol]())
      .configureLogging(signalR.LogLevel.None);
    if (reconnect) made.withAutomaticReconnect([0, 100, 500, 1000]);
    if (stateful) made.withStatefulReconnect();
    return made.build();
  };
}

const range = (count) => [...Array(count).keys()];

/** An upload: an observable in the shape the client asks for. */
function upload(items, error) {
  const subject = new signalR.Subject();
  setTimeout(() => {
    for (const item of items) subject.next(item);
    if (error) subject.error(error);
    else subject.complete();
  }, 1);
  return subject;
}

/** Cut the connection under the client's feet. */
const cut = (connection) => connection.connection.transport._webSocket.terminate();

const checks = {
  invoke: async (c) => {
    for (const value of ["", "😀 é \u001e \u2028", 0, -1.5, 2 ** 40, true, null, [1, [2]], { a: { b: [] } }])
      assert.deepEqual(await c.invoke("Echo", value), value);
    assert.deepEqual(await c.invoke("Weigh", { itemName: "tea", weight: 2 }, 3), {
      itemName: "tea",
      weight: 6,
      kind: "box",
    });
  },
  void: async (c) => assert.equal(await c.invoke("Nothing"), undefined),
  send: async (c) => {
    const event = next(c, "Number");
    await c.send("ToCaller", 1);
    assert.deepEqual(await event, [0]);
  },
  error: async (c) => {
    await assert.rejects(c.invoke("Refuse", "not today"), /not today/);
    await assert.rejects(c.invoke("NoSuchMethod"), /NoSuchMethod/);
    await assert.rejects(c.invoke("Weigh", { itemName: 5, weight: 1 }), /itemName/);
    await assert.rejects(c.invoke("Crash"), (error) => !error.message.includes("inner detail"));
    assert.equal(await c.invoke("Echo", "still here"), "still here");
  },
  connection_id: async (c) => assert.equal((await c.invoke("Who")).connectionId, c.connectionId),
  stream_down: async (c) => {
    assert.deepEqual(await collect(c, "Count", 50), range(50));
    assert.deepEqual(await collect(c, "Count", 0), []);
    await assert.rejects(collect(c, "FailingStream"), /the stream broke/);
  },
  stream_cancel: async (c) => {
    await within(30_000, "three items", (resolve, reject) => {
      let seen = 0;
      const subscription = c.stream("Forever").subscribe({
        next: () => {
          seen += 1;
          if (seen === 3) {
            subscription.dispose();
            resolve();
          }
        },
        error: reject,
        complete: () => {},
      });
    });
    assert.equal(await c.invoke("StreamEnded"), true);
  },
  stream_up: async (c) => {
    assert.equal(await c.invoke("Concat", "<", upload(["a", "é", "c"])), "<aéc");
    assert.equal(await c.invoke("Subtract", upload([1, 2, 3]), 10, upload([4])), 20);
    assert.equal(await c.invoke("Concat", "<", upload([])), "<");
    await assert.rejects(c.invoke("Concat", "<", upload(["a"], new Error("gave up"))), /gave up/);
  },
  stream_both: async (c) => assert.deepEqual(await collect(c, "DoubleEach", upload(range(20))), range(20).map((n) => 2 * n)),
  client_result: async (c) => {
    c.on("Double", (value) => value * 2);
    c.on("Later", async (value) => `${value}!`);
    c.on("Throws", () => {
      throw new Error("from the client");
    });
    assert.equal(await c.invoke("AskCaller", "Double", 21), 42);
    assert.equal(await c.invoke("AskCaller", "Later", "é"), "é!");
    assert.match(await c.invoke("AskForRefusal", "Throws"), /from the client/);
    assert.match(await c.invoke("AskForRefusal", "Nobody"), /result/);
  },
  groups: async (c, build) => {
    const other = build();
    await other.start();
    try {
      await c.invoke("JoinGroup", "matrix");
      await other.invoke("JoinGroup", "matrix");
      const both = Promise.all([next(c, "Said"), next(other, "Said")]);
      await c.invoke("ToGroup", "matrix", "hi");
      assert.deepEqual(await both, [
        ["ann", "hi"],
        ["ann", "hi"],
      ]);
      await other.invoke("LeaveGroup", "matrix");
      let heard = false;
      other.on("Said", () => {
        heard = true;
      });
      const own = next(c, "Said");
      await c.invoke("ToGroup", "matrix", "again");
      await own;
      await other.invoke("Nothing");
      assert.equal(heard, false);
    } finally {
      await other.stop();
    }
  },
  order: async (c) => {
    const seen = [];
    const all = within(30_000, "500 events", (resolve) =>
      c.on("Number", (n) => {
        seen.push(n);
        if (seen.length === 500) resolve();
      }),
    );
    await c.invoke("ToCaller", 500);
    await all;
    assert.deepEqual(seen, range(500));
  },
  big: async (c) => {
    const text = "0123456789é".repeat(120_000);
    assert.ok((await c.invoke("Echo", text)) === text);
  },
  token_query: async (_, build) => {
    const connection = build({ address: `${url}?access_token=${token}`, bearer: null });
    await connection.start();
    assert.equal((await connection.invoke("Who")).userId, "ann");
    await connection.stop();
  },
  token_missing: async (_, build) => assert.rejects(build({ bearer: null }).start(), /401/),
  reconnect: async (_, build) => {
    const connection = build({ reconnect: true });
    await connection.start();
    try {
      const before = connection.connectionId;
      const reconnected = within(30_000, "reconnected", (resolve) => connection.onreconnected(resolve));
      await connection.send("Drop");
      const id = await reconnected;
      assert.notEqual(id, before);
      assert.equal((await connection.invoke("Who")).connectionId, id);
    } finally {
      await connection.stop();
    }
  },
};

const binaryChecks = {
  bytes: async (c) => {
    const bytes = Uint8Array.from(range(256));
    assert.deepEqual(new Uint8Array(await c.invoke("Echo", bytes)), bytes);
  },
};

const webSocketChecks = {
  stateful_reconnect: async (_, build) => {
    const connection = build({ stateful: true, reconnect: true });
    const seen = [];
    connection.on("Number", (n) => seen.push(n));
    let reconnecting = 0;
    connection.onreconnecting(() => {
      reconnecting += 1;
    });
    await connection.start();
    try {
      const before = connection.connectionId;
      for (const number of range(40)) {
        const answer = connection.invoke("Echo", number);
        if (number % 4 === 1) cut(connection);
        assert.equal(await within(30_000, `answer ${number}`, (resolve, reject) => answer.then(resolve, reject)), number);
      }
      const answer = connection.invoke("ToCaller", 300);
      cut(connection);
      await answer;
      await connection.invoke("Nothing");
      assert.deepEqual(seen, range(300));
      assert.equal((await connection.invoke("Who")).connectionId, before);
      assert.equal(reconnecting, 0);
    } finally {
      await connection.stop();
    }
  },
};

let failed = 0;
for (const combination of combinations) {
  const build = builder(combination);
  const all = {
    ...checks,
    ...(combination.protocol === "messagepack" ? binaryChecks : {}),
    ...(combination.transport === "WebSockets" ? webSocketChecks : {}),
  };
  for (const [name, check] of Object.entries(all)) {
    const connection = build();
    let error = null;
    try {
      await connection.start();
      await within(60_000, name, (resolve, reject) => check(connection, build).then(resolve, reject));
    } catch (caught) {
      error = caught;
      failed += 1;
    }
    await connection.stop().catch(() => {});
    console.log(JSON.stringify({ ...combination, check: name, ok: error === null, error: error && String(error.stack) }));
  }
}
const { version } = JSON.parse(readFileSync("node_modules/@microsoft/signalr/package.json", "utf8"));
console.log(JSON.stringify({ version, failed }));
process.exit(0);
