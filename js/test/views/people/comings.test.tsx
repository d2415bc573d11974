// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionInfo } from "../../../src/contract";
import { names } from "../../../src/texts/en/names";
import { addTexts } from "../../../src/texts/texts";
import { comingWords, type Gap, withChange } from "../../../src/views/people/comings";
import { ADA, answer, BO, person, question } from "../../support/chat";
import { View } from "../../support/view";

addTexts(names);

const CY = person("cy", "Cy");
const DEE = person("dee", "Dee");

describe("who came and who left", () => {
  const folded = (...steps: (typeof ADA)[][]): readonly Gap[] =>
    steps
      .slice(1)
      .reduce<readonly Gap[]>((gaps, people, at) => withChange(gaps, steps[at] ?? [], people, 7), []);

  it("is one line for a gap, and folds when they are many", () => {
    expect(folded([ADA], [ADA, BO], [ADA, BO, CY]).map(comingWords)).toEqual(["Bo and Cy joined."]);
    const crowd = [BO, CY, DEE, person("eve", "Eve")];
    expect(folded([ADA], [ADA, ...crowd]).map(comingWords)).toEqual(["Bo, Cy and 2 others joined."]);
    expect(folded([ADA, BO], [ADA, CY]).map(comingWords)).toEqual(["Cy joined. Bo left."]);
  });

  it("is nothing where somebody is back before anybody wrote", () => {
    expect(folded([ADA, BO], [ADA], [ADA, BO])).toEqual([]);
    expect(folded([ADA], [ADA, BO], [ADA])).toEqual([]);
    expect(folded([ADA], [{ ...ADA, state: "idle" }]), "only who is here counts").toEqual([]);
  });

  it("is remembered for the newest gaps alone", () => {
    let gaps: readonly Gap[] = [];
    for (let seq = 1; seq <= 30; seq += 1) gaps = withChange(gaps, [], [person(`p${seq}`, "P")], seq);
    expect(gaps).toHaveLength(20);
    expect(gaps[0]?.afterSeq).toBe(11);
  });
});

describe("in the transcript", () => {
  let view: View;
  beforeEach(() => {
    view = new View();
  });
  afterEach(() => view.close());

  const notes = (): string[] =>
    [...view.root.querySelectorAll(".note")].map(({ textContent }) => textContent ?? "");
  const people = (...participants: (typeof ADA)[]) => ({ op: "participants" as const, participants });
  const link = (state: ConnectionInfo["state"]) => ({
    op: "connection" as const,
    connection: { state, attempt: 0, retryAt: null, message: null },
  });

  it("they stand where they happened", async () => {
    await view.live({ messages: [question(1, "One")], participants: [ADA] });
    await view.painted();
    await view.ops(people(ADA, BO));
    await view.ops({ op: "message", message: question(2, "Two") });
    expect(notes()).toEqual(["Bo joined."]);
    const order = [...view.root.querySelectorAll(".content > .message")].map(
      ({ textContent }) => textContent,
    );
    expect(order[1]).toBe("Bo joined.");
  });

  it("nothing comes in while an answer is written, and then it does", async () => {
    const open = answer(2, "", { status: "streaming" });
    await view.live({ messages: [question(1, "Q"), open], participants: [ADA] });
    await view.painted();
    await view.ops(people(ADA, BO));
    expect(notes()).toEqual([]);
    await view.ops({ op: "message", message: answer(2, "Done.") });
    expect(notes()).toEqual(["Bo joined."]);
  });

  it("a cut is nobody's leaving", async () => {
    await view.live({ messages: [question(1, "Q")], participants: [ADA, BO] });
    await view.painted();
    await view.ops(link("reconnecting"));
    await view.ops(people(ADA), link("live"));
    expect(notes()).toEqual([]);
    await view.ops(people(ADA, CY));
    expect(notes()).toEqual(["Cy joined."]);
  });

  it("a message that speaks to the reader says so, to them alone", async () => {
    const named = question(1, "@Ada look");
    const other = question(2, "@Bo look");
    await view.live({
      messages: [
        { ...named, metadata: { ...named.metadata, mentions: ["ada"] } },
        { ...other, metadata: { ...other.metadata, mentions: ["bo"] } },
      ],
    });
    await view.painted();
    const marked = [...view.root.querySelectorAll("article")].filter((each) =>
      each.querySelector(".mentioned"),
    );
    expect(marked.map(({ dataset }) => dataset.messageId)).toEqual(["q1"]);
    expect(marked[0]?.querySelector(".mentioned")?.textContent).toBe("Mentions you");
  });
});
