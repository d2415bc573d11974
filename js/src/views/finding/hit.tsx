import type { VNode } from "preact";
import type { ChatMessage, SearchHit } from "../../contract";
import { plainName } from "../../plain";
import { text } from "../../texts/texts";
import { assistantName, fullTime, shownName, timeLabel } from "../words";
import { marksIn } from "./without-marks";

interface HitProps {
  hit: SearchHit;
  /** Of the conversation, where it is another one. */
  title: string | null;
  isBusy: boolean;
  open(): void;
}

/** A found message: who wrote it and when, and the part of it with the words that were looked for. */
export function Hit({ hit, title, isBusy, open }: HitProps): VNode {
  const { timestamp } = hit.message.metadata ?? {};
  return (
    <li>
      <button type="button" class="hit" aria-busy={isBusy} onClick={open}>
        <span class="from">
          <bdi class="name">{writerOf(hit.message)}</bdi>
          <time dateTime={timestamp} title={fullTime(timestamp)}>
            {timeLabel(timestamp)}
          </time>
        </span>
        {title !== null && <bdi class="where">{plainName(title)}</bdi>}
        <span class="snippet" dir="auto">
          {marked(hit)}
        </span>
      </button>
    </li>
  );
}

function writerOf({ role, author, metadata }: ChatMessage): string {
  if (role === "assistant") return assistantName(metadata?.model);
  return shownName(author?.userName || author?.userId || text("message.someone"));
}

/** The snippet with what was found marked; places are counted in code points. Of an answer it is plain text. */
function marked({ message, snippet, ranges }: SearchHit): (string | VNode)[] {
  const characters = [...snippet];
  const units = [0];
  for (const character of characters) units.push((units.at(-1) ?? 0) + character.length);
  const found = ranges.map((range) => range.map((place) => units[place] ?? snippet.length));
  const isMark = message.role === "assistant" ? marksIn(snippet, found) : [];
  const shown = (from: number, until: number): string =>
    characters
      .slice(from, until)
      .filter((_, index) => !isMark[units[from + index] ?? 0])
      .join("");
  const pieces: (string | VNode)[] = [];
  let at = 0;
  for (const [from = 0, until = 0] of ranges) {
    if (from < at || until <= from) continue;
    pieces.push(shown(at, from));
    pieces.push(<mark key={from}>{shown(from, until)}</mark>);
    at = until;
  }
  return [...pieces, shown(at, characters.length)];
}
