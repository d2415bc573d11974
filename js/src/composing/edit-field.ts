// Changes what is in a text field the way typing does, so that the browser's own Undo takes it back.
import { type Clipboard, pastedCode } from "./pasted-code";

/** Replaces the characters from `start` to `end` of a field by `text`, and leaves the caret after it. */
export function replaceInField(area: HTMLTextAreaElement, start: number, end: number, text: string): void {
  area.focus();
  area.setSelectionRange(start, end);
  if (inserted(area, text)) return;
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Inserts text as it was pasted, then `better` in its place: one Undo gives back what was pasted. */
function insertInTwoSteps(area: HTMLTextAreaElement, pasted: string, better: string): void {
  const { selectionStart: start, selectionEnd: end } = area;
  replaceInField(area, start, end, pasted);
  replaceInField(area, start, area.selectionEnd, better);
}

function inserted(area: HTMLTextAreaElement, text: string): boolean {
  // Deprecated by its specification, kept by every browser: nothing else leaves a field's history whole.
  return area.ownerDocument.execCommand?.(text ? "insertText" : "delete", false, text) ?? false;
}

/** Puts pasted code into a field as a fenced block; false where the paste is best left to the browser. */
export function pasteCode(field: HTMLTextAreaElement, clipboard: Clipboard): boolean {
  const code = pastedCode(clipboard, field.value.slice(0, field.selectionStart));
  if (code === null) return false;
  insertInTwoSteps(field, clipboard.getData("text/plain"), code);
  return true;
}
