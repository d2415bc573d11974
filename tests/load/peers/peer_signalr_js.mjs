// StreamToken through @microsoft/signalr; the same phases as measure.py, CPU time of this process.
import { createRequire } from "node:module";

const { HubConnectionBuilder, LogLevel } = createRequire(
  new URL("../../interop/package.json", import.meta.url),
)("@microsoft/signalr");

const settings = JSON.parse(process.env.CONDUIT_LOAD);
const connection = new HubConnectionBuilder()
  .withUrl(settings.url)
  .configureLogging(LogLevel.Error)
  .build();

let left = 0;
let finish = () => {};
connection.on("StreamToken", () => {
  left -= 1;
  if (left === 0) finish();
});
await connection.start();

const results = {};
for (const perFrame of settings.per_frame) {
  const costs = [];
  for (let repeat = 0; repeat <= settings.repeats; repeat += 1) {
    const frames = Math.floor(settings.messages / perFrame);
    left = frames * perFrame;
    const done = new Promise((resolve) => {
      finish = resolve;
    });
    const began = process.cpuUsage();
    await connection.send("Go", perFrame, frames, settings.pause);
    await done;
    const { user, system } = process.cpuUsage(began);
    costs.push((user + system) / (frames * perFrame));
  }
  results[perFrame] = costs.slice(1);
}
console.log(JSON.stringify(results));
process.exit(0);
