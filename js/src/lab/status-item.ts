// The chat in the status bar: how it is connected, who answers, what is unread. Pressed, it opens the panel.
import { text } from "../texts/texts";
import type { LuminoWidget, WidgetModule } from "./jupyter";
import type { News } from "./panel/news";
import type { SidePanel } from "./side-panel";

const COLOURS = {
  live: "--jp-success-color1",
  connecting: "--jp-warn-color1",
  offline: "--jp-error-color1",
} as const;
const STYLE =
  "display:flex;align-items:center;gap:6px;height:100%;padding:0 8px;border:0;background:none;color:inherit;font:inherit;cursor:pointer";
const DOT = "width:8px;height:8px;border-radius:50%";

export function statusItem({ Widget }: WidgetModule, panel: SidePanel): LuminoWidget {
  const widget = new Widget();
  widget.id = "conduit-chat-status";
  const button = document.createElement("button");
  button.type = "button";
  button.style.cssText = STYLE;
  button.addEventListener("click", panel.reveal);
  widget.addClass("jp-mod-highlighted");
  widget.node.append(button);
  show(button, null);
  panel.onNews((news) => {
    show(button, news);
    panel.widget.title.caption =
      news.unread > 0 ? `${text("lab.chat")} (${unreadWords(news)})` : text("lab.chat");
    panel.widget.title.className = news.unread > 0 ? "conduit-unread" : "";
  });
  return widget;
}

function show(button: HTMLElement, news: News | null): void {
  const words = [text("lab.chat"), news?.provider, news && news.unread > 0 ? unreadWords(news) : ""].filter(
    Boolean,
  );
  const label = document.createElement("span");
  label.textContent = words.join(" · ");
  button.replaceChildren(label);
  button.title = news ? text("lab.command", { name: text(`lab.${news.state}`) }) : text("lab.caption");
  if (!news) return;
  const dot = document.createElement("span");
  dot.setAttribute("role", "img");
  dot.setAttribute("aria-label", text(`lab.${news.state}`));
  dot.style.cssText = `${DOT};background:var(${COLOURS[news.state]})`;
  button.prepend(dot);
}

function unreadWords({ unread }: News): string {
  return text("lab.unread", { count: unread });
}
