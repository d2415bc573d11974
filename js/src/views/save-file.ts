/** Hands a file to the browser, which asks where it should go. */
export function saveFile({ name, text: content }: { name: string; text: string }): void {
  saveBlob(name, new Blob([content]));
}

/** The same; its type is of no matter, since it is never opened here. */
export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Firefox begins to read it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
