/** Why a microphone, a camera or a screen could not be opened, and what to do. */
export const capture = {
  "capture.denied.audio":
    "The browser does not let this page use the microphone. Allow it at the address bar, then try again.",
  "capture.denied.video":
    "The browser does not let this page use the camera. Allow it at the address bar, then try again.",
  "capture.denied.system":
    "The operating system does not let the browser use it. Allow it in the system's privacy settings, then try again.",
  "capture.denied.host":
    "This place does not let a page share a screen. Open the notebook in a browser tab of its own.",
  "capture.none.audio": "No microphone was found. Connect one, then try again.",
  "capture.none.video": "No camera was found. Connect one, then try again.",
  "capture.busy.audio": "Another program uses the microphone. Close that program, then try again.",
  "capture.busy.video": "Another program uses the camera. Close that program, then try again.",
  "capture.failed": "That could not be opened. Try again, or take another device.",
} as const;
