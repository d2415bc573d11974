// The official client watches one conversation and recovers by ResumeConversation; prints what it gets, a JSON
// line each, in its order. The Python side judges.
import { settings, signalR } from "./check.mjs";

const { url, token, conversation } = settings;
const say = (op, fields) => process.stdout.write(`${JSON.stringify({ op, ...fields })}\n`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let epoch = "";
let position = 0;
let held = 0; // the newest position of events that came while a join or resume was under way
let holding = true;

function hold() {
  [held, holding] = [0, true];
  say("hold");
}

function goOn(seq) {
  [position, holding] = [Math.max(position, seq, held), false];
}

const connection = new signalR.HubConnectionBuilder()
  .withUrl(url, { accessTokenFactory: () => token, transport: signalR.HttpTransportType.WebSockets })
  .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 100 + Math.random() * 300 })
  .configureLogging(signalR.LogLevel.None)
  .build();
connection.serverTimeoutInMilliseconds = 20_000;

for (const target of ["ReceiveMessage", "MessageUpdated", "StreamToken", "PresenceUpdate"]) {
  connection.on(target, (...args) => {
    const { seq, eventSeq } = args[0]?.metadata ?? {};
    const at = eventSeq ?? seq ?? 0;
    if (holding) held = Math.max(held, at);
    else position = Math.max(position, at);
    say("event", { target, arguments: args });
  });
}

async function history(join) {
  let page = { messages: join.messages, hasMore: join.hasMore };
  while (page.hasMore && page.messages.length) {
    page = await connection.invoke("GetHistory", conversation, page.messages[0].metadata.seq, 200);
    say("history", { page });
  }
}

async function synchronize() {
  hold();
  let join;
  if (epoch) {
    const result = await connection.invoke("ResumeConversation", conversation, epoch, position);
    say("resumed", { result });
    join = result.join;
    goOn(join?.seq ?? result.seq ?? 0);
  } else {
    join = await connection.invoke("JoinConversation", conversation);
    say("joined", { result: join });
  }
  if (join) {
    epoch = join.epoch;
    if (holding) goOn(join.seq);
    await history(join);
  }
}

async function keepInStep() {
  while (connection.state === signalR.HubConnectionState.Connected) {
    try {
      return await synchronize();
    } catch (error) {
      say("failed", { error: String(error.message) });
      await sleep(200);
    }
  }
}

connection.onreconnected(() => {
  say("reconnected");
  hold();
  keepInStep();
});

for (;;) {
  try {
    await connection.start();
    break;
  } catch {
    await sleep(200);
  }
}
say("started");
await keepInStep();
