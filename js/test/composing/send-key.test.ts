import { describe, expect, it } from "vitest";
import { isSend, readSendKey } from "../../src/composing/send-key";

const NONE = {
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  isComposing: false,
  keyCode: 13,
};
const enter = (change: Partial<typeof NONE> = {}) => ({ key: "Enter", ...NONE, ...change });

describe("the key that sends", () => {
  it("is Enter, and never with Shift, which breaks the line", () => {
    expect(isSend(enter(), "enter")).toBe(true);
    expect(isSend(enter({ shiftKey: true }), "enter")).toBe(false);
    expect(isSend({ ...enter(), key: "a" }, "enter")).toBe(false);
  });

  it("is Ctrl or Cmd with Enter where that was chosen, and Enter alone breaks the line", () => {
    expect(isSend(enter(), "mod-enter")).toBe(false);
    expect(isSend(enter({ ctrlKey: true }), "mod-enter")).toBe(true);
    expect(isSend(enter({ metaKey: true }), "mod-enter")).toBe(true);
    expect(isSend(enter({ ctrlKey: true, shiftKey: true }), "mod-enter")).toBe(false);
  });

  it("sends with Ctrl and Enter either way: fingers remember it from elsewhere", () => {
    expect(isSend(enter({ ctrlKey: true }), "enter")).toBe(true);
  });

  it("leaves Enter to an input method", () => {
    expect(isSend(enter({ isComposing: true }), "enter")).toBe(false);
    expect(isSend(enter({ keyCode: 229 }), "mod-enter")).toBe(false);
  });

  it("is Enter for whatever else was kept", () => {
    expect(readSendKey("mod-enter")).toBe("mod-enter");
    for (const kept of ["", "enter", "toString", "MOD-ENTER"]) expect(readSendKey(kept)).toBe("enter");
  });
});
