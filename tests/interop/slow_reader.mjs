// The official client stops reading for a while: the hub closes it, it reconnects by itself and resumes.
import { assert, connect, next, run, settings } from "./check.mjs";

const { url, token, blockMs } = settings;

await run({
  a_stopped_reader_is_healed_by_automatic_reconnect_and_resume: async () => {
    const connection = connect(url, token, { reconnect: true });
    const seen = [];
    connection.on("ReceiveMessage", (message) => seen.push(message.metadata.seq));
    const back = new Promise((resolve) => connection.onreconnected(resolve));
    await connection.start();
    const join = await connection.invoke("JoinConversation", "slow");
    await next(connection, "ReceiveMessage");
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify({ blocked: true }));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    await back;
    const resumed = await connection.invoke("ResumeConversation", "slow", join.epoch, seen.at(-1));
    assert.equal(resumed.recovered, true);
    seen.push(...(resumed.events ?? []).map((event) => event.seq));
    assert.deepEqual(
      seen,
      seen.map((_, at) => at + 1),
    );
    console.log(JSON.stringify({ last: seen.at(-1) }));
    await connection.stop();
  },
});
