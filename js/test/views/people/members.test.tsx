// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MemberRole } from "../../../src/contract";
import type { ChatState } from "../../../src/kernel/messages";
import { ADA, BO } from "../../support/chat";
import { press, View } from "../../support/view";

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const CREW: Readonly<Record<string, MemberRole>> = { ada: "owner", bo: "member", cy: "reader" };

const asked = () => view.host.all("members");
const changes = () => asked().filter(({ action }) => action !== "list");
const rows = (): string[] =>
  [...view.root.querySelectorAll<HTMLElement>(".people li")].map(({ dataset }) => dataset.user ?? "");
const row = (id: string): HTMLElement => view.find(`.people li[data-user="${id}"]`);
const roleOf = (id: string): HTMLSelectElement => view.find(`.people li[data-user="${id}"] select`);
const button = (name: string): HTMLButtonElement => {
  const found = [...view.root.querySelectorAll<HTMLButtonElement>(".sheet button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
  );
  if (!found) throw new Error(`no button ${name}`);
  return found;
};

/** Opens the sheet of a conversation with these roles. */
async function open(
  roles: Readonly<Record<string, MemberRole>> = CREW,
  visibility: "open" | "members" = "members",
): Promise<void> {
  const role = roles.ada ?? null;
  const conversation: ChatState["conversation"] = {
    ...{ conversationId: "team", visibility, assistant: "always", role },
  };
  await view.live({ conversation });
  await view.painted();
  view.store.composing.open("people");
  await view.painted();
  await told(roles);
}

async function reply(change: { result: unknown } | { error: string }): Promise<void> {
  const requestId = asked().at(-1)?.requestId ?? "";
  await view.hear(
    "error" in change
      ? { kind: "reply", requestId, ok: false, error: { message: change.error } }
      : { kind: "reply", requestId, ok: true, result: change.result },
  );
  await view.painted();
}

const told = (roles: Readonly<Record<string, MemberRole>>): Promise<void> =>
  reply({ result: Object.entries(roles).map(([userId, role]) => ({ userId, role })) });

async function choose(select: HTMLSelectElement, role: MemberRole): Promise<void> {
  select.value = role;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await view.painted();
}

async function click(name: string): Promise<void> {
  button(name).click();
  await view.painted();
}

describe("for who owns the conversation, the sheet", () => {
  it("lists everybody with a role, who is not here last", async () => {
    await open();
    expect(rows()).toEqual(["ada", "bo", "cy"]);
    expect(rows().map((id) => roleOf(id).value)).toEqual(["owner", "member", "reader"]);
    expect(row("cy").textContent).toContain("not here");
    expect(roleOf("bo").getAttribute("aria-label")).toBe("Role of Bo");
  });

  it("changes a role, and shows what the hub has", async () => {
    await open();
    await choose(roleOf("bo"), "reader");
    expect(changes()).toEqual([expect.objectContaining({ action: "role", userId: "bo", role: "reader" })]);
    expect(roleOf("bo").value, "not before the hub has done it").toBe("member");
    await reply({ result: null });
    await told({ ...CREW, bo: "reader" });
    expect(roleOf("bo").value).toBe("reader");
    expect(view.text(".participants [role=status]")).toBe("The role of Bo is changed.");
  });

  it("says in one line why the hub refused", async () => {
    await open();
    await choose(roleOf("bo"), "owner");
    await reply({ error: "There may be no more\nowners." });
    await told(CREW);
    expect(view.text(".participants [role=alert]").trim()).toBe("There may be no more owners.");
    expect(roleOf("bo").value).toBe("member");
    expect(roleOf("bo").disabled).toBe(false);
  });

  it("removes somebody once that is confirmed", async () => {
    await open();
    await click("Remove Bo");
    expect(changes()).toEqual([]);
    expect(row("bo").textContent).toContain("Remove Bo? They lose the conversation at once.");
    expect(view.root.activeElement).toBe(button("Cancel"));
    press(button("Cancel"), "Escape");
    await view.painted();
    expect(view.root.querySelector(".confirm")).toBeNull();
    expect(view.root.querySelector(".sheet"), "only the question is closed").not.toBeNull();
    await click("Remove Bo");
    await click("Remove");
    expect(changes()).toEqual([expect.objectContaining({ action: "remove", userId: "bo" })]);
    await reply({ result: null });
    await view.live({ participants: [ADA], conversation: null });
    await told({ ada: "owner", cy: "reader" });
    expect(rows()).toEqual(["ada", "cy"]);
    expect(view.text(".participants [role=status]")).toBe("Bo was removed.");
  });

  it("asks before one gives up being an owner, for one cannot undo it", async () => {
    await open({ ...CREW, bo: "owner" });
    await choose(roleOf("ada"), "member");
    expect(changes()).toEqual([]);
    expect(roleOf("ada").value).toBe("owner");
    await click("Give it up");
    expect(changes()).toEqual([expect.objectContaining({ action: "role", userId: "ada", role: "member" })]);
  });

  it("invites by user id and role, and says what is missing", async () => {
    await open();
    const input = view.find<HTMLInputElement>(".invite input");
    const write = async (value: string): Promise<void> => {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      await view.painted();
    };
    const submit = async (): Promise<void> => {
      view.find("form.invite").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
      await view.painted();
    };
    await submit();
    expect(view.text(".participants [role=alert]").trim()).toMatch(/^Say whom to invite/);
    await write("bo");
    await submit();
    expect(view.text(".participants [role=alert]").trim()).toMatch(/^bo belongs here already/);
    expect(changes()).toEqual([]);
    await write(" dee ");
    await choose(view.find<HTMLSelectElement>(".invite select"), "reader");
    await submit();
    expect(changes()).toEqual([expect.objectContaining({ action: "add", userId: "dee", role: "reader" })]);
    await reply({ result: null });
    await told({ ...CREW, dee: "reader" });
    expect(input.value).toBe("");
    expect(rows()).toContain("dee");
    expect(view.text(".participants [role=alert]")).toBe("");
  });

  it("offers no removal where everybody may join", async () => {
    await open(CREW, "open");
    expect(view.root.querySelector(".take-out")).toBeNull();
    expect(view.text(".participants")).toContain("nobody can be removed");
    expect(roleOf("bo").value).toBe("member");
  });
});

describe("for everybody else, the sheet", () => {
  it("shows the roles and changes none", async () => {
    await open({ ada: "member", bo: "owner" });
    expect(row("bo").textContent).toBe("BBohereOwner");
    expect(view.root.querySelectorAll(".sheet :is(select, form, .take-out)")).toHaveLength(0);
  });

  it("says why the roles are not known, and looks them up again", async () => {
    await view.live();
    await view.painted();
    view.store.composing.open("people");
    await view.painted();
    expect(view.text(".participants [role=status]")).toBe("Looking up the roles…");
    await reply({ error: "The hub is away." });
    expect(view.text(".participants [role=alert]")).toContain("The roles are not known. The hub is away.");
    expect(rows(), "who is here is known all the same").toEqual(["ada", "bo"]);
    await click("Try again");
    await told({ bo: "owner" });
    expect(row("bo").textContent).toBe("BBohereOwner");
    expect(view.text(".participants [role=alert]")).toBe("");
  });

  it("looks the roles up again when people come, and when the connection is back", async () => {
    await open({ ada: "member", bo: "owner" });
    const before = asked().length;
    await view.ops({ op: "participants", participants: [ADA, BO, { ...BO, userId: "cy", userName: "Cy" }] });
    await view.painted();
    expect(asked()).toHaveLength(before + 1);
  });
});
