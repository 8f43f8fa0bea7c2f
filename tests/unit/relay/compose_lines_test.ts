import assert from "node:assert/strict";
import {
  composeEdit,
  composeLine,
  composeMessage,
  type Composition,
  type Reference,
} from "../../../src/relay/intake/compose.ts";
import type { EditEvent, MessageEvent } from "../../../src/relay/port/event.ts";
import { plainText, textOf } from "../../../src/relay/port/rich_text.ts";
import { message, messageId, person, place, settings } from "./builders.ts";

type Line = Parameters<typeof composeLine>[1];

const UNKNOWN: Reference = { id: null, message: null };
const KNOWN: Reference = {
  id: messageId("there"),
  message: { nick: "bob", excerpt: "what he said" },
};

function composition(
  receiver: Partial<ReturnType<typeof settings>> = {},
  capabilities: Partial<Composition["capabilities"]> = {},
): Composition {
  return {
    route: {
      gateway: "main",
      from: place("memory.a", "#a"),
      to: place("memory.b", "#b"),
      destination: "memory.b #b",
    } as Composition["route"],
    receiver: settings(receiver),
    capabilities: { window: 1, deletions: false, replies: false, history: "none", ...capabilities },
    protocol: "memory",
    label: "",
    nowMs: 2_000_000,
  };
}

function lineOf(event: Line, receiver = {}, reference = UNKNOWN): string | null {
  const line = composeLine(
    composition({ showJoinPart: true, showReactions: true, showDeletes: true, ...receiver }),
    event,
    reference,
  );
  return line === null ? null : textOf(line.prefix) + textOf(line.text);
}

const base = { channel: message("").channel, atMs: 1_999_000, late: false };

function leave(how: "part" | "quit" | "kick", more: object = {}): Line {
  return {
    ...base,
    kind: "leave",
    who: person("alice"),
    how,
    reason: null,
    by: null,
    ...more,
  } as Line;
}

Deno.test("composeLine() tells how somebody left, with the reason where there is one", () => {
  const texts = [
    leave("part"),
    leave("quit", { reason: "bye" }),
    leave("part", { reason: "" }),
    leave("kick", { by: "op", reason: "spam" }),
    leave("kick"),
  ].map((event) => lineOf(event)?.replace(/^.*?alice/, "alice"));
  assert.deepEqual(texts, [
    "alice parts",
    "alice quits (bye)",
    "alice parts",
    "alice was kicked by op (spam)",
    "alice was kicked by ?",
  ]);
});

Deno.test("composeLine() shows who is behind a nick with VerboseJoinPart, where that is known", () => {
  const nobody = { ...person("bob"), userId: "" };
  assert.match(
    lineOf(leave("part"), { verboseJoinPart: true }) ?? "",
    /alice \(alice@host\) parts/,
  );
  assert.match(
    lineOf(leave("part", { who: nobody }), { verboseJoinPart: true }) ?? "",
    /bob parts/,
  );
});

Deno.test("composeLine() tells what was deleted or reacted to, as far as it is known", () => {
  const about = { ...base, id: messageId("1") };
  const deleted = (by: string | null) =>
    ({ ...about, kind: "deletion", by: by === null ? null : person(by) }) as Line;
  const reacted = (removed: boolean) =>
    ({ ...about, kind: "reaction", sender: person("alice"), key: "👍", removed }) as Line;
  const cases: readonly (readonly [Line, Reference, string])[] = [
    [deleted("alice"), KNOWN, "deleted a message of bob"],
    [deleted("bob"), KNOWN, "deleted a message"],
    [deleted(null), KNOWN, "deleted a message"],
    [deleted("alice"), UNKNOWN, "deleted a message"],
    [reacted(false), KNOWN, "reacts with 👍 to bob: what he said"],
    [reacted(true), KNOWN, "takes back 👍 from bob: what he said"],
    [reacted(false), UNKNOWN, "reacts with 👍 to a message"],
  ];
  for (const [event, reference, told] of cases) {
    assert.ok(lineOf(event, {}, reference)?.endsWith(told), lineOf(event, {}, reference) ?? "");
  }
});

const REPLY = { id: messageId("x"), nick: "carol", excerpt: "her words" };
const REPLIES:
  readonly (readonly [string, Partial<NonNullable<MessageEvent["replyTo"]>>, Reference, string])[] =
    [
      ["what is known here", {}, { ...KNOWN, id: null }, "(re bob: what he said) "],
      ["what the service told", {}, UNKNOWN, "(re carol: her words) "],
      ["a nick alone", { excerpt: null }, UNKNOWN, "(re carol) "],
      ["words alone", { nick: null }, UNKNOWN, "(re her words) "],
      ["nothing", { nick: null, excerpt: null }, UNKNOWN, ""],
    ];
for (const [what, more, reference, context] of REPLIES) {
  Deno.test(`composeMessage() shows a reply to ${what}`, () => {
    const event = message("yes", { replyTo: { ...REPLY, ...more } as MessageEvent["replyTo"] });
    const shown = composeMessage(composition({ showReplies: true }), event, reference);
    assert.equal(textOf(shown.prefix), `<alice> ${context}`);
    assert.equal(shown.nameLength, "<alice> ".length);
  });
}

Deno.test("composeMessage() leaves the context out where the service shows replies itself, or nobody wants it", () => {
  const event = message("yes", { replyTo: REPLY as MessageEvent["replyTo"] });
  const prefix = (more: object, able: boolean, reference: Reference) =>
    textOf(composeMessage(composition(more, { replies: able }), event, reference).prefix);
  assert.equal(prefix({ showReplies: true }, true, KNOWN), "<alice> ");
  assert.match(prefix({ showReplies: true }, true, UNKNOWN), /\(re carol/);
  assert.match(prefix({ showReplies: true }, false, KNOWN), /\(re bob/);
  assert.equal(prefix({ showReplies: false }, false, KNOWN), "<alice> ");
});

Deno.test("composeMessage() marks what comes late with its time, and nothing else", () => {
  const late = composeMessage(composition(), message("a", { late: true }), UNKNOWN);
  assert.match(textOf(late.prefix), /^<alice> \[[\d: -]+\] $/);
  assert.equal(late.isMarked, true);
  assert.equal("isMarked" in composeMessage(composition(), message("a"), UNKNOWN), false);
});

Deno.test("composeEdit() takes the old one's place only where the service can, and knows which", () => {
  const event = {
    ...base,
    kind: "edit",
    id: messageId("1"),
    sender: person("alice"),
    text: plainText("new"),
  } as EditEvent;
  const edited = (able: boolean, reference: Reference, more = {}) =>
    composeEdit(
      composition({ editSuffix: " (edited)", ...more }, { edits: able }),
      event,
      reference,
    );
  assert.equal(edited(true, KNOWN)?.edits, "there");
  assert.equal("edits" in (edited(true, UNKNOWN) ?? {}), false);
  assert.equal("edits" in (edited(false, KNOWN) ?? {}), false);
  assert.equal(textOf(edited(false, KNOWN)?.text ?? []), "new (edited)");
  assert.equal(edited(false, KNOWN)?.replyTo, "there");
  assert.equal(edited(true, KNOWN, { editDisable: true }), null);
});
