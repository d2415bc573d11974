// The official client stops reading until a byte comes on stdin: the hub closes it, it reconnects by itself and
// recovers by ResumeConversation, whichever of its two answers it gets.
import { readSync } from "node:fs";
import { assert, connect, next, run, settings } from "./check.mjs";

const { url, token } = settings;
const say = (fields) => console.log(JSON.stringify(fields));
const seqs = (messages) => messages.map((message) => message.metadata.seq);

/** All messages after `last`: those of the snapshot, and by pages what is older than it. */
async function missed(connection, join, last) {
  let found = join.messages;
  while (found[0].metadata.seq > last + 1) {
    const { messages } = await connection.invoke("GetHistory", "slow", found[0].metadata.seq, 200);
    assert.ok(messages.length);
    found = [...messages, ...found];
  }
  return found.filter((message) => message.metadata.seq > last);
}

await run({
  a_stopped_reader_is_healed_by_automatic_reconnect_and_resume: async () => {
    const connection = connect(url, token, { reconnect: true });
    const seen = [];
    connection.on("ReceiveMessage", (message) => seen.push(message.metadata.seq));
    const back = new Promise((resolve) => connection.onreconnected(resolve));
    await connection.start();
    const first = next(connection, "ReceiveMessage", 60_000);
    const { epoch } = await connection.invoke("JoinConversation", "slow");
    say({ joined: true });
    await first;
    say({ blocked: true });
    readSync(0, new Uint8Array(1));
    await back;
    const resumed = await connection.invoke("ResumeConversation", "slow", epoch, seen.at(-1));
    if (resumed.recovered) seen.push(...resumed.events.map((event) => event.seq));
    else seen.push(...seqs(await missed(connection, resumed.join, seen.at(-1))));
    assert.deepEqual(
      seen,
      seen.map((_, at) => at + 1),
    );
    say({ recovered: resumed.recovered, last: seen.at(-1) });
    await connection.stop();
  },
});
