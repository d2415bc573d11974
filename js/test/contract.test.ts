import { expect, it } from "vitest";
import vector from "../../tests/vectors/contract.json";
import * as contract from "../src/contract";

it("names every method and event as Python does", () => {
  expect(contract.CHAT_METHODS).toEqual(vector.ChatMethod);
  expect(contract.CHAT_EVENTS).toEqual(vector.ChatEvent);
  expect(contract.STATUS_EVENTS).toEqual(vector.StatusEvent);
});

it("has the same numbers as Python", () => {
  const numbers = Object.entries(contract).filter(([, value]) => typeof value === "number");
  expect(numbers.length).toBeGreaterThan(3);
  expect(vector.numbers).toMatchObject(Object.fromEntries(numbers));
});

it("has the same values as Python", () => {
  // A record over a union names each member of it, and no other: tsc sees to that.
  const visibility: Record<contract.Visibility, true> = { open: true, members: true };
  const assistant: Record<contract.AssistantSetting, true> = { always: true, mention: true, off: true };
  const role: Record<contract.MemberRole, true> = { owner: true, member: true, reader: true };
  const link: Record<contract.LinkState, true> = {
    connecting: true,
    live: true,
    reconnecting: true,
    offline: true,
    removed: true,
  };
  expect({
    Visibility: Object.keys(visibility),
    AssistantSetting: Object.keys(assistant),
    MemberRole: Object.keys(role),
    LinkState: Object.keys(link),
  }).toEqual(vector.values);
});

it("has the same shapes as Python", () => {
  // Required, so that tsc wants every key.
  const options: Required<contract.ConversationOptions> = {
    id: "plans",
    title: "Plans",
    visibility: "members",
    assistant: "off",
  };
  const info: contract.ConversationInfo = {
    conversationId: "plans",
    title: null,
    visibility: "open",
    assistant: "mention",
    role: "owner",
    seq: 7,
  };
  const member: Required<contract.MemberOptions> = { userId: "ada", role: "reader" };
  expect({ ConversationOptions: options, ConversationInfo: info, MemberOptions: member }).toEqual(
    vector.shapes,
  );
});
