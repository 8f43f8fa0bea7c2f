import assert from "node:assert/strict";
import { judge } from "../../e2e/faults/judge.ts";
import { marksIn, textFor } from "../../e2e/faults/numbered.ts";
import type { Utterance } from "../../e2e/faults/plan.ts";
import type { Said } from "../../e2e/faults/said.ts";

const said = (number: number, more: Partial<Said & Utterance> = {}): Said => ({
  utterance: { atMs: 0, side: "kosmi", speaker: "zoe", number, shape: "line", ...more },
  outcome: more.outcome ?? "confirmed",
  atMs: number,
});
const NO_EXCUSE = { whyNotHeard: () => null, whySentAgain: () => null };

/** What the judge finds when Zoë said 1, 2, 3 in Kosmi and this was shown. */
function verdict(irc: readonly string[], kosmi: readonly string[] = [], excuses = NO_EXCUSE) {
  const texts = (list: readonly string[]) => list.map((text, atMs) => ({ text, atMs }));
  const evidence = { said: [said(1), said(2), said(3)], excuses };
  return judge({ ...evidence, shown: { irc: texts(irc), kosmi: texts(kosmi) } })
    .map(({ kind, series, number }) => `${kind} ${series}#${number}`);
}

Deno.test("judge() finds nothing when every number came once and in order, packed or not", () => {
  assert.deepEqual(verdict(["<zoe> zoe#1 hello", "<zoe> zoe#2 hello | zoe#3 hello"]), []);
});

Deno.test("judge() finds what is lost, doubled, out of order or back where it was said", () => {
  assert.deepEqual(verdict(["zoe#1", "zoe#3"]), ["lost zoe#2"]);
  assert.deepEqual(verdict(["zoe#1", "zoe#2", "zoe#2", "zoe#3"]), ["doubled zoe#2"]);
  assert.deepEqual(verdict(["zoe#2 | zoe#1", "zoe#3"]), ["reordered zoe#2"]);
  assert.deepEqual(verdict(["zoe#1", "zoe#2", "zoe#3"], ["<zoe> zoe#3"]), ["returned zoe#3"]);
});

Deno.test("judge() says of each deviation whether it was impossible to avoid", () => {
  const shown = { irc: [], kosmi: [] };
  const fromIrc = said(1, { side: "irc", speaker: "bob" });
  const excuses = { ...NO_EXCUSE, whyNotHeard: () => "not there" };
  const [lost] = judge({ said: [fromIrc], shown, excuses });
  assert.equal(lost?.impossible, "not there");
  const [kept] = judge({ said: [said(1)], shown, excuses });
  assert.equal(kept?.impossible, null);
});

Deno.test("judge() wants nothing of what was perhaps never said, but its order when it came", () => {
  const perhaps = [said(1), said(2, { outcome: "unknown" }), said(3, { outcome: "not said" })];
  const texts = (...list: string[]) => list.map((text, atMs) => ({ text, atMs }));
  const find = (...list: string[]) =>
    judge({ said: perhaps, shown: { irc: texts(...list), kosmi: [] }, excuses: NO_EXCUSE });
  assert.deepEqual(find("zoe#1"), []);
  assert.deepEqual(find("zoe#1", "zoe#2"), []);
  assert.equal(find("zoe#2", "zoe#1").length, 1);
});

Deno.test("textFor() marks the end of long texts and second lines too", () => {
  for (const shape of ["two lines", "long line"] as const) {
    const marks = marksIn(textFor(said(7, { shape }).utterance));
    assert.deepEqual(marks, [{ series: "zoe", number: 7 }, { series: "zoe~", number: 7 }]);
  }
});

Deno.test("judge() counts words without numbers: as often as they were said, and nowhere back", () => {
  const text = textFor(said(0, { shape: "word" }).utterance);
  const word = (outcome: Said["outcome"]) => said(0, { shape: "word", outcome });
  const all = [word("confirmed"), word("confirmed"), word("unknown"), word("not said")];
  const find = (irc: number, kosmi = 0) => {
    const texts = (count: number) => Array.from({ length: count }, (_, atMs) => ({ text, atMs }));
    const shown = { irc: texts(irc), kosmi: texts(kosmi) };
    return judge({ said: all, shown, excuses: NO_EXCUSE }).map(({ kind }) => kind);
  };
  assert.deepEqual(find(1), ["lost"]);
  assert.deepEqual(find(2), []);
  assert.deepEqual(find(3), []);
  assert.deepEqual(find(4), ["doubled"]);
  assert.deepEqual(find(2, 1), ["returned"]);
});
