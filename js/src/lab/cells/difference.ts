// Entry: the dialog that shows what changes in a cell. It is fetched when somebody is about to replace one. The
// comparison is jsdiff's, 1.5 kB of it.
import { diffLines } from "diff";
import type { text } from "../../texts/texts";
import type { LuminoWidget, WidgetModule } from "../jupyter";

export interface DialogModule {
  showDialog(options: {
    title: string;
    body: LuminoWidget;
    buttons: readonly unknown[];
  }): Promise<{ button: { accept: boolean } }>;
  Dialog: {
    cancelButton(options: { label: string }): unknown;
    okButton(options: { label: string }): unknown;
  };
}

const LINE =
  "display:block;padding:0 8px;white-space:pre-wrap;overflow-wrap:anywhere;font:var(--jp-code-font-size)/1.5 var(--jp-code-font-family)";
const GROUNDS = { "+": "--jp-success-color1", "-": "--jp-error-color1", " ": null } as const;

type Change = keyof typeof GROUNDS;

/** Asks with the lines that go and come in sight; resolves with whether somebody agreed. */
export async function confirmDifference(
  before: string,
  after: string,
  { Dialog, showDialog }: DialogModule,
  { Widget }: WidgetModule,
  words: typeof text,
): Promise<boolean> {
  const node = document.createElement("div");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", words("lab.difference"));
  node.className = "conduit-difference";
  node.style.cssText = "min-width:min(560px,80vw);max-height:60vh;overflow:auto;padding:6px 0";
  for (const { change, line } of linesOf(before, after)) node.append(lineNode(change, line, words));
  const { button } = await showDialog({
    title: words("lab.replace"),
    body: new Widget({ node }),
    buttons: [
      Dialog.cancelButton({ label: words("lab.keep") }),
      Dialog.okButton({ label: words("lab.replaceIt") }),
    ],
  });
  return button.accept;
}

export function linesOf(before: string, after: string): { change: Change; line: string }[] {
  return diffLines(ended(before), ended(after)).flatMap(({ added, removed, value }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => ({ change: added ? "+" : removed ? "-" : " ", line }) as const),
  );
}

/** Whether the last line is ended is no difference between cells. */
function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function lineNode(change: Change, line: string, words: typeof text): HTMLElement {
  const node = document.createElement(change === "+" ? "ins" : change === "-" ? "del" : "span");
  node.style.cssText = `${LINE};text-decoration:none;color:var(--jp-ui-font-color1)`;
  const ground = GROUNDS[change];
  if (ground) {
    node.style.background = `color-mix(in srgb, var(${ground}) 18%, transparent)`;
    node.setAttribute("aria-label", words(change === "+" ? "lab.added" : "lab.removed", { line }));
  }
  node.textContent = `${change} ${line}`;
  return node;
}
