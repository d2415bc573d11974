import { options } from "preact";
import { whenIdle } from "../../src/drawing/idle";
import { settled } from "./fake-clock";

/** Preact's passive effects that wait for a frame: a browser's own would come too late on a busy machine. */
const effects: (() => void)[] = [];
options.requestAnimationFrame = (run) => {
  effects.push(run);
};

/** Runs what Preact has left for after the frame, until neither that nor a task already due asks for more. */
export async function effectsRun(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await new Promise((done) => setTimeout(done, 0));
    await settled();
    const due = effects.splice(0);
    for (const run of due) run();
    if (due.length > 0) quiet = -1;
  }
}

/** Runs effects, and what the page does when it is idle. */
export async function idle(): Promise<void> {
  await effectsRun();
  await new Promise<void>((done) => whenIdle(done));
  await effectsRun();
}
