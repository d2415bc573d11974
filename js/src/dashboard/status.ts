/** What is said about the hub itself: whether it answers, since when it runs, and that it wants a key. */

import { duration, timeOfDay } from "./format";
import { canBeKey } from "./reading";

const KEY_REFUSED = {
  401: "The hub does not know this key, or it has expired.",
  403: "This key does not hold the role operator.",
} as const;

export type Tone = "idle" | "good" | "warn" | "bad";

export class Status {
  private readonly badge = byId("badge");
  private readonly words = byId("state");
  private readonly uptime = byId("uptime");
  private readonly notice = byId("notice");
  private readonly form = byId("key-form");
  private readonly field = byId("key") as HTMLInputElement;
  private readonly error = byId("key-error");
  private lastAt: number | null = null;

  /** `onKey` gets what somebody gives as key; `title` is the page's. */
  constructor(
    onKey: (key: string) => void,
    private readonly title = document.title,
  ) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const key = this.field.value.trim();
      if (!canBeKey(key)) {
        this.refuse("A key consists of letters, digits and signs, without spaces.");
        return;
      }
      this.field.value = "";
      this.error.textContent = "";
      onKey(key);
    });
  }

  live(uptimeSeconds: number, severalHubs: boolean): void {
    this.lastAt = Date.now() / 1000;
    this.say("good", "Live");
    this.uptime.textContent = `up ${duration(uptimeSeconds)}`;
    this.form.hidden = true;
    this.tell(
      severalHubs
        ? "Several hub processes answer at this address in turn. Open one node's own address instead."
        : "",
    );
  }

  unreachable(why: string): void {
    this.say("bad", "Hub unreachable");
    this.uptime.textContent = "";
    this.form.hidden = true;
    const since = this.lastAt === null ? "" : ` Nothing new since ${timeOfDay(this.lastAt)}.`;
    this.tell(`The hub does not answer (${why}).${since} This page tries again every 2 s.`);
  }

  /** Ask for a key; `given`: whether one was refused. */
  keyNeeded(status: 401 | 403, given: boolean): void {
    this.say("warn", "Key needed");
    this.tell("");
    this.uptime.textContent = "";
    this.form.hidden = false;
    if (given) this.refuse(KEY_REFUSED[status]);
    this.field.focus();
  }

  private refuse(text: string): void {
    this.error.textContent = text;
    this.field.focus();
  }

  private say(tone: Tone, text: string): void {
    if (this.words.textContent === text) return; // those who listen hear changes only
    this.badge.className = `badge ${tone}`;
    this.words.textContent = text;
    document.title = tone === "good" ? this.title : `${text} · ${this.title}`;
  }

  private tell(text: string): void {
    if (this.notice.textContent !== text) this.notice.textContent = text;
    this.notice.hidden = text === "";
  }
}

/** An element the page must have. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page lacks #${id}.`);
  return element;
}
