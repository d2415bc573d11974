/** The hub's dashboard: reads `/figures` every two seconds and plots what `conduit-widget top` shows. */

import { browserClock } from "../clock";
import { Board } from "./board";
import { type Reading, readFigures } from "./reading";
import { byId, Status } from "./status";
import { Watch } from "./watch";

const page = document.documentElement;
const announcer = byId("announcer");
const board = new Board(byId("figures"), (text) => {
  announcer.textContent = text;
});
const status = new Status(giveKey);

/** In this variable only: a reload forgets it. */
let key = "";

function giveKey(given: string): void {
  key = given;
  watch.begin();
}

function onReading(reading: Reading): void {
  page.dataset.hub = reading.kind;
  switch (reading.kind) {
    case "figures":
      page.dataset.seen = "";
      status.live(reading.figures.uptimeSeconds, board.add(reading.figures));
      break;
    case "unreachable":
      board.miss();
      status.unreachable(reading.why);
      break;
    case "key":
      board.pause();
      status.keyNeeded(reading.status, key !== "");
      key = "";
  }
}

const watch = new Watch({
  clock: browserClock,
  visible: () => !document.hidden,
  read: () => readFigures((url, init) => fetch(url, init), "figures", board.reading, key),
  onReading,
  onPause: () => board.pause(),
});

byId("host").textContent = location.host;
for (const input of document.querySelectorAll<HTMLInputElement>("input[name=minutes]")) {
  if (input.checked) board.show(Number(input.value));
  input.addEventListener("change", () => board.show(Number(input.value)));
}
document.addEventListener("visibilitychange", () => watch.visibilityChanged());
watch.begin();
