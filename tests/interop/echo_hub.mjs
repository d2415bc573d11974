// The official client drives the test hub: every kind of invocation, groups, tokens, reconnect.
import { assert, collect, connect, next, run, settings, signalR, within } from "./check.mjs";

const { url, token, expired, otherToken } = settings;

async function connected(body, options, bearer = token) {
  const connection = connect(url, bearer, options);
  await connection.start();
  try {
    return await body(connection);
  } finally {
    await connection.stop();
  }
}

await run({
  negotiates_and_starts: () =>
    connected((c) => {
      assert.equal(c.state, signalR.HubConnectionState.Connected);
      assert.match(c.connectionId, /^[\w-]{20,}$/);
    }),
  connection_id_is_the_hubs: () =>
    connected(async (c) => assert.equal((await c.invoke("Who")).connectionId, c.connectionId)),
  starts_without_negotiation: () =>
    connected(async (c) => assert.equal(await c.invoke("Echo", 7), 7), { skipNegotiation: true }),
  invoke_returns_results: () =>
    connected(async (c) => {
      for (const value of ["text", "😀 é \u001e \u2028", 0, -1.5, true, null, [1, [2]], { a: { b: [] } }]) {
        assert.deepEqual(await c.invoke("Echo", value), value);
      }
    }),
  method_names_match_in_any_case: () => connected(async (c) => assert.equal(await c.invoke("eCHO", 1), 1)),
  void_invocation_resolves: () =>
    connected(async (c) => assert.ok((await c.invoke("Nothing")) === undefined)),
  send_wants_no_answer: () =>
    connected(async (c) => {
      const event = next(c, "Number");
      await c.send("ToCaller", 1);
      assert.deepEqual(await event, [0]);
    }),
  typed_arguments_are_bound: () =>
    connected(async (c) => {
      const parcel = await c.invoke("Weigh", { itemName: "tea", weight: 2 }, 3);
      assert.deepEqual(parcel, { itemName: "tea", weight: 6, kind: "box" });
    }),
  wrong_arguments_are_refused_and_the_connection_stays: () =>
    connected(async (c) => {
      await assert.rejects(c.invoke("Weigh"), /expected 1 to 2 arguments \(parcel, times\), got 0/);
      await assert.rejects(c.invoke("Weigh", { itemName: 5, weight: 1 }), /argument 'parcel'.*itemName/);
      await assert.rejects(c.invoke("NoSuchMethod"), /Unknown hub method 'NoSuchMethod'/);
      assert.equal(await c.invoke("Echo", "still here"), "still here");
    }),
  hub_exception_text_arrives: () =>
    connected((c) => assert.rejects(c.invoke("Refuse", "not today"), /not today/)),
  other_exceptions_tell_nothing: () =>
    connected((c) =>
      assert.rejects(c.invoke("Crash"), (error) => {
        assert.match(error.message, /An unexpected error occurred.*error ID: [0-9a-f]{8}/);
        assert.ok(!error.message.includes("inner detail"));
        return true;
      }),
    ),
  stream_delivers_items_in_order: () =>
    connected(async (c) => assert.deepEqual(await collect(c, "Count", 50), [...Array(50).keys()])),
  empty_stream_completes: () => connected(async (c) => assert.deepEqual(await collect(c, "Count", 0), [])),
  stream_error_arrives: () => connected((c) => assert.rejects(collect(c, "FailingStream"), /the stream broke/)),
  stream_is_cancelled_by_dispose: () =>
    connected(async (c) => {
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
    }),
  groups_reach_members_only: () =>
    connected((ann) =>
      connected(
        async (bob) => {
          await ann.invoke("JoinGroup", "g");
          await bob.invoke("JoinGroup", "g");
          const both = Promise.all([next(ann, "Said"), next(bob, "Said")]);
          await ann.invoke("ToGroup", "g", "hi");
          assert.deepEqual(await both, [
            ["ann", "hi"],
            ["ann", "hi"],
          ]);
          await bob.invoke("LeaveGroup", "g");
          let heard = false;
          bob.on("Said", () => {
            heard = true;
          });
          const own = next(ann, "Said");
          await ann.invoke("ToGroup", "g", "again");
          await own;
          await bob.invoke("Nothing");
          assert.equal(heard, false);
          const direct = next(bob, "Said");
          await ann.invoke("ToUser", "bob", "psst");
          assert.deepEqual(await direct, ["ann", "psst"]);
        },
        {},
        otherToken,
      ),
    ),
  a_big_message_travels: () =>
    connected(async (c) => {
      const text = "é".repeat(30000);
      assert.equal(await c.invoke("Echo", text), text);
    }),
  an_oversized_message_is_refused_by_name: () =>
    connected(async (c) => {
      await assert.rejects(c.invoke("Echo", "x".repeat(70000)), /exceeds the limit of 65536 bytes/);
      assert.equal(await c.invoke("Echo", 1), 1);
    }),
  many_events_keep_their_order: () =>
    connected(async (c) => {
      const seen = [];
      const all = within(30_000, "500 events", (resolve) =>
        c.on("Number", (n) => {
          seen.push(n);
          if (seen.length === 500) resolve();
        }),
      );
      await c.invoke("ToCaller", 500);
      await all;
      assert.deepEqual(seen, [...Array(500).keys()]);
    }),
  token_factory_is_asked_at_each_connect: async () => {
    let asked = 0;
    const connection = connect(
      url,
      async () => {
        asked += 1;
        return token;
      },
      { reconnect: true },
    );
    await connection.start();
    const before = asked;
    const reconnected = within(30_000, "reconnected", (resolve) => connection.onreconnected(resolve));
    await connection.send("CloseMe", true);
    const id = await reconnected;
    assert.ok(asked > before);
    assert.equal((await connection.invoke("Who")).connectionId, id);
    await connection.stop();
  },
  close_without_reconnect_ends: async () => {
    const connection = connect(url, token, { reconnect: true });
    await connection.start();
    let reconnecting = false;
    connection.onreconnecting(() => {
      reconnecting = true;
    });
    const closed = within(30_000, "closed", (resolve) => connection.onclose(() => resolve()));
    await connection.send("CloseMe", false);
    await closed;
    assert.equal(reconnecting, false);
  },
  a_missing_or_expired_token_is_refused: async () => {
    await assert.rejects(connect(url, "").start(), /401/);
    await assert.rejects(connect(url, expired).start(), /401/);
    await assert.rejects(connect(url, expired, { skipNegotiation: true }).start());
  },
});
