// Node's socket.io: an event that is emitted to all.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.CONDUIT_PEERS}/`);
const { Server } = require("socket.io");

const bytes = Number(process.env.CONDUIT_LOAD_BYTES ?? "120");
const mark = "fan-out!";
const text = mark + "x".repeat(bytes - '42["said",""]'.length - mark.length);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
io.on("connection", (socket) => socket.on("go", () => io.emit("said", text)));
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(http.address().port));
