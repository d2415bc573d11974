// The official client as a member of a conversation on the real hub: join, send, receive, stop, recover.
import { assert, connect, next, run, settings, within } from "./check.mjs";

const { url, ada, bo } = settings;
const id = () => crypto.randomUUID();

async function joined(token, conversation, body) {
  const connection = connect(url, token);
  await connection.start();
  try {
    const join = await connection.invoke("JoinConversation", conversation);
    return await body(connection, join);
  } finally {
    await connection.stop();
  }
}

const question = (content, metadata = {}) => ({ id: id(), role: "user", content, metadata });

await run({
  join_returns_a_snapshot: () =>
    joined(ada, "interop-join", (_, join) => {
      assert.equal(join.conversationId, "interop-join");
      assert.equal(typeof join.epoch, "string");
      assert.deepEqual(join.messages, []);
      assert.equal(join.participants[0].userId, "ada");
    }),
  a_message_reaches_the_other_member_with_its_author_and_seq: () =>
    joined(ada, "interop-talk", (sender) =>
      joined(bo, "interop-talk", async (receiver) => {
        const received = next(receiver, "ReceiveMessage");
        const message = question("Hello Bo 😀", { respond: false });
        const receipt = await sender.invoke("SendMessage", "interop-talk", message);
        const [arrived] = await received;
        assert.equal(arrived.id, message.id);
        assert.equal(arrived.content, "Hello Bo 😀");
        assert.deepEqual(arrived.author, { userId: "ada", userName: "Ada" });
        assert.equal(arrived.metadata.seq, receipt.seq);
        assert.deepEqual(await sender.invoke("SendMessage", "interop-talk", message), receipt);
      }),
    ),
  a_real_answer_streams_and_its_deltas_make_the_final_text: () =>
    joined(ada, "interop-ask", async (connection) => {
      const deltas = [];
      const done = within(60_000, "the end of the answer", (resolve) => {
        connection.on("StreamToken", (conversation, token, metadata) => {
          assert.equal(conversation, "interop-ask");
          deltas.push({ token, metadata });
        });
        connection.on("MessageUpdated", (message) => {
          if (message.role === "assistant") resolve(message);
        });
      });
      const receipt = await connection.invoke(
        "SendMessage",
        "interop-ask",
        question("Say hello in one sentence.", { parameters: { maxTokens: 40 } }),
      );
      const answer = await done;
      const text = deltas.map(({ token }) => token).join("");
      assert.equal(answer.content, text);
      assert.ok(text.length > 0);
      assert.equal(answer.parentId !== undefined, true);
      assert.equal(deltas.at(-1).metadata.done, true);
      let characters = 0;
      for (const { token, metadata } of deltas) {
        assert.equal(metadata.offset, characters);
        characters += [...token].length;
      }
      assert.ok(receipt.seq < answer.metadata.seq);
    }),
  stop_keeps_the_partial_text: () =>
    joined(ada, "interop-stop", async (connection) => {
      const ended = within(60_000, "the stopped answer", (resolve) => {
        connection.on("MessageUpdated", (message) => {
          if (message.role === "assistant") resolve(message);
        });
      });
      let asked = false;
      connection.on("StreamToken", (_, __, metadata) => {
        if (!asked) {
          asked = true;
          connection.invoke("StopGeneration", metadata.messageId);
        }
      });
      await connection.invoke("SendMessage", "interop-stop", question("Write a very long story."));
      const answer = await ended;
      assert.equal(answer.metadata.finishReason, "cancelled");
      assert.ok(answer.content.length > 0);
    }),
  missed_messages_come_with_resume: async () => {
    const before = await joined(bo, "interop-resume", (_, join) => join);
    await joined(ada, "interop-resume", async (connection) => {
      for (const text of ["one", "two"])
        await connection.invoke("SendMessage", "interop-resume", question(text, { respond: false }));
    });
    const connection = connect(url, bo);
    await connection.start();
    try {
      const resumed = await connection.invoke(
        "ResumeConversation",
        "interop-resume",
        before.epoch,
        before.seq,
      );
      assert.equal(resumed.recovered, true);
      const texts = resumed.events
        .filter(({ target }) => target === "ReceiveMessage")
        .map(({ arguments: [message] }) => message.content);
      assert.deepEqual(texts, ["one", "two"]);
    } finally {
      await connection.stop();
    }
  },
  bad_messages_are_refused_and_the_connection_stays: () =>
    joined(ada, "interop-bad", async (connection) => {
      const send = (conversation, message) => connection.invoke("SendMessage", conversation, message);
      await assert.rejects(send("interop-bad", question("")), /message: is empty/);
      await assert.rejects(send("interop-bad", question("x".repeat(40_000))), /message: .*the limit is 32768 bytes/);
      await assert.rejects(send("interop-bad", { id: id(), role: "user", content: 5 }), /message: must be text/);
      await assert.rejects(send("no-such-conversation", question("hi")), /Unauthorized/);
      const receipt = await send("interop-bad", question("still here", { respond: false }));
      assert.ok(receipt.seq > 0);
    }),
  a_removed_member_hears_of_it_at_once: () =>
    joined(ada, "interop-join", async (owner) => {
      const id = "interop-members";
      await owner.invoke("CreateConversation", { id, visibility: "members" });
      await owner.invoke("AddMember", id, "bo");
      await joined(bo, id, async (member) => {
        const removed = next(member, "RemovedFromConversation");
        await owner.invoke("RemoveMember", id, "bo");
        assert.deepEqual(await removed, [id]);
      });
    }),
  status_comes_to_the_caller: () =>
    joined(ada, "interop-status", async (connection) => {
      const event = next(connection, "ProviderStatusUpdate");
      const statuses = await connection.invoke("RequestProviderStatus");
      const [provider, status] = await event;
      assert.equal(statuses[0].provider, provider);
      assert.equal(status.provider, provider);
    }),
});
