// What a notebook keeps of a chat, where no kernel shows it: the transcript, and in its place the chat itself, through the
// Jupyter server, for whoever is signed in there. It takes neither trust to read the one nor a kernel to use the other.
import { browserClock } from "../clock";
import type { ServerSettings } from "../jupyter-server/server";
import { type BringUpToDate, type Kept, keptOutputs } from "../notebook/kept-transcripts";
import { language } from "../texts/texts";
import type { LuminoWidget, RenderMimeRegistry, Sanitizer, WidgetModule } from "./jupyter";
import type { openKept as Opening } from "./panel/kept-chat";

/** As conduit_widget/widget/chat/display.py writes it. */
export const KEPT = "application/vnd.conduit-widget.transcript+json";
/** Before all others: they would show the same. */
const RANK = -100;
/** So long a kernel has to show its own view, which hides this one. */
const SETTLING_MS = 3_000;
/** So many times as long where JupyterLab has made that view already: its browser part is on its way. */
const PATIENCE = 5;

const CLASS = /^<div class="conduit-transcript (conduit-[0-9a-f]{12})"/;
/** The first lines of a text: which conversation it is, and how much of it is not there. */
const HEAD = /^[^\n]*(\n\n\d+ earlier messages are not shown here\.)?/;

interface MimeModel {
  readonly data: Readonly<Record<string, unknown>>;
  readonly trusted: boolean;
  setData(change: { data: Record<string, unknown> }): void;
}

interface Page {
  widgets: WidgetModule;
  server: ServerSettings;
  /** The address of this script. */
  here: string;
}

export function showKept(registry: RenderMimeRegistry, page: Page): void {
  registry.addFactory(
    { safe: true, mimeTypes: [KEPT], createRenderer: ({ sanitizer }) => kept(sanitizer, page) },
    RANK,
  );
}

const outputAbove = (node: HTMLElement): Element | null | undefined =>
  node.closest(".jp-OutputArea-child")?.previousElementSibling;

/** Whether JupyterLab has made a kernel's widget above: while it waits for one, or has none, nothing is in the output. */
const hasWidgetAbove = (node: HTMLElement): boolean =>
  !!outputAbove(node)?.querySelector(":scope > .jp-OutputArea-output > *");

/** Hides the output above where JupyterLab waits for a widget: there is no kernel that would make it. */
function hideEmpty(node: HTMLElement, lifetime: AbortSignal): void {
  const above = outputAbove(node);
  const waiting = above?.querySelector(":scope > .jp-OutputArea-output:not([data-mime-type])");
  if (!(above instanceof HTMLElement) || waiting?.childElementCount !== 0) return;
  above.style.display = "none";
  lifetime.addEventListener("abort", () => above.style.removeProperty("display"), { once: true });
}

/** The messages in it, as text. */
function saidIn(kept: Kept): string {
  return String(kept["text/plain"]).replace(HEAD, "");
}

function kept(sanitizer: Sanitizer, { widgets, server, here }: Page): LuminoWidget {
  const widget = new widgets.Widget();
  const transcript = document.createElement("div");
  const place = document.createElement("div");
  widget.addClass("jp-RenderedHTMLCommon");
  widget.node.append(transcript, place);
  let conversation = "";
  let cssClass = "";
  let life: AbortController | null = null;
  let cancel = (): void => {};

  const open = async (): Promise<void> => {
    const mine = new AbortController();
    life = mine;
    const { signal } = mine;
    try {
      const url = new URL("panel.js?v=%conduit-build%", here).href;
      const { openKept } = (await import(/* @vite-ignore */ url)) as { openKept: typeof Opening };
      await openKept(place, transcript, {
        ...{ server, conversation, cssClass, language: language(), lifetime: signal },
        output: bringUpToDate,
      });
      if (!signal.aborted) hideEmpty(widget.node, signal);
    } catch {
      if (life === mine) end(); // the transcript remains
    }
  };
  const end = (): void => {
    cancel();
    life?.abort();
    life = null;
  };
  const settle = (turns = PATIENCE): void => {
    cancel = browserClock.after(SETTLING_MS, () => {
      if (turns > 1 && hasWidgetAbove(widget.node)) settle(turns - 1);
      else void open();
    });
  };
  const endWhereHidden = (): void => {
    if (!widget.node.offsetParent) end(); // a kernel's view is there, or nobody looks
  };
  let isInSight = false;
  const settleInSight = (): void => {
    if (isInSight && conversation && !life) settle();
  };
  const inSight = new IntersectionObserver((entries) => {
    cancel();
    isInSight = entries.at(-1)?.isIntersecting === true;
    if (isInSight) settleInSight();
    else endWhereHidden();
  });
  inSight.observe(widget.node);
  // What has been scrolled out of sight before it is hidden stays out of sight.
  const size = new ResizeObserver(endWhereHidden);
  size.observe(widget.node);
  const outputs = keptOutputs();
  const forget = (): void => {
    if (outputs.get(cssClass) === bringUpToDate) outputs.delete(cssClass);
  };
  let output: MimeModel | null = null;
  const bringUpToDate: BringUpToDate = async (ask, on = false) => {
    const fresh = await ask();
    const isSame = Object(fresh[KEPT]).conversation === Object(output?.data[KEPT]).conversation;
    if (!output || !isSame) return;
    const [known, said] = [saidIn(output.data), saidIn(fresh)];
    // Who wrote it may have known more of the past.
    if (!known.endsWith(said) && (!on || said.startsWith(known))) output.setData({ data: { ...fresh } });
  };
  widget.disposed.connect(() => {
    forget();
    output = null;
    inSight.disconnect();
    size.disconnect();
    end();
  });

  return Object.assign(widget, {
    async renderModel(model: MimeModel): Promise<void> {
      const { data, trusted } = model;
      const html = String(data["text/html"] ?? "");
      transcript.innerHTML = sanitizer.sanitize(html);
      forget();
      output = model;
      cssClass = CLASS.exec(html)?.[1] ?? "";
      if (cssClass) outputs.set(cssClass, bringUpToDate);
      const named = Object(data[KEPT]).conversation;
      // What nobody vouches for does not open a conversation in one's name.
      const wanted = trusted && typeof named === "string" ? named : "";
      if (wanted === conversation) return;
      end();
      conversation = wanted;
      settleInSight(); // trusted, or another one, while somebody looks
    },
  });
}
