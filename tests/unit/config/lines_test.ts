import fc from "fast-check";
import assert from "node:assert/strict";
import { parse, stringify } from "smol-toml";
import type { KeyPath } from "../../../src/config/file/fault.ts";
import { tomlLines } from "../../../src/config/file/lines.ts";

const TEXT = `# a comment with [brackets] = "and quotes
title = "x"   # behind
a.b . "c.d" = 1
'quoted key' = '''
[not.a.section]
key = 1
'''
"esc\\u0041ped\\t" = """a \\""" [[no]]
b""""

[ irc . libera ]
Server="h:1" # [x]
list = [
  "one",   # 1
  [ "two", """
three""" ],
  { in = 1, a.b = 2 },
]
inline = { x = 1, y = { z = "}" }, "q k" = [1,
 2] }

[irc.libera.sub]
deep = true
[[gateway]]
name = "first"
[[gateway.inout]]
account = "a"
[gateway.inout.options]
key = "k"
[[gateway.inout]]
account = "b"
[[gateway]]
name = "second"
[[gateway.in]]
account = "c"
`;

const LINES: readonly (readonly [KeyPath, number])[] = [
  [["title"], 2],
  [["a", "b", "c.d"], 3],
  [["quoted key"], 4],
  [["escAped\t"], 8],
  [["irc", "libera"], 11],
  [["irc", "libera", "Server"], 12],
  [["irc", "libera", "list"], 13],
  [["irc", "libera", "list", 0], 14],
  [["irc", "libera", "list", 1], 15],
  [["irc", "libera", "list", 1, 1], 15],
  [["irc", "libera", "list", 2, "in"], 17],
  [["irc", "libera", "list", 2, "a", "b"], 17],
  [["irc", "libera", "inline", "y", "z"], 19],
  [["irc", "libera", "inline", "q k", 1], 20],
  [["irc", "libera", "sub", "deep"], 23],
  [["gateway", 0], 24],
  [["gateway", 0, "name"], 25],
  [["gateway", 0, "inout", 0], 26],
  [["gateway", 0, "inout", 0, "account"], 27],
  [["gateway", 0, "inout", 0, "options"], 28],
  [["gateway", 0, "inout", 0, "options", "key"], 29],
  [["gateway", 0, "inout", 1], 30],
  [["gateway", 0, "inout", 1, "account"], 31],
  [["gateway", 1], 32],
  [["gateway", 1, "name"], 33],
  [["gateway", 1, "in", 0, "account"], 35],
];

for (const eol of ["\n", "\r\n"]) {
  Deno.test(`tomlLines() knows the line of everything, with ${JSON.stringify(eol)}`, async () => {
    const text = TEXT.replaceAll("\n", eol);
    parse(text);
    const lineOf = await tomlLines(text);
    for (const [path, line] of LINES) assert.equal(lineOf(path), line, path.join("."));
  });
}

Deno.test("tomlLines() skips a byte order mark", async () => {
  assert.equal((await tomlLines("\ufeffa = 1\nb = 2"))(["b"]), 2);
});

Deno.test("lineOf() answers the nearest line that is known, else null", async () => {
  const lineOf = await tomlLines("\n[irc.a]\nNick = 1");
  assert.equal(lineOf(["irc", "a", "Server"]), 2);
  assert.equal(lineOf(["general"]), null);
});

/** Every path of a parsed document. */
function pathsOf(value: unknown, path: KeyPath = []): KeyPath[] {
  const own = path.length === 0 ? [] : [path];
  if (typeof value !== "object" || value === null || value instanceof Date) return own;
  const steps: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [...own, ...steps.flatMap(([step, inner]) => pathsOf(inner, [...path, step]))];
}

const key = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "A-1",
    "x.y",
    "with space",
    "",
    "#",
    "[[a]]",
    '"',
    "'",
    "\\",
    "ä\n",
    "=",
    "__proto__",
  ),
  fc.string({ maxLength: 5 }),
);
const leaf = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('"""', "'''", "a\nb\n[c]\nd = 1", "\\", '\\"', "# no comment", "]", "}", ","),
  fc.integer(),
  fc.boolean(),
);
const { table } = fc.letrec<{ table: unknown; value: unknown }>((tie) => ({
  table: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    tie("table"),
    fc.array(tie("table"), { maxLength: 3 }),
  ),
}));

Deno.test("property: tomlLines() finds every path of a document that was written by a program", async () => {
  await fc.assert(
    fc.asyncProperty(table, async (document) => {
      const text = stringify(document);
      const lineOf = await tomlLines(text);
      let last = 0;
      for (const path of pathsOf(parse(text))) {
        const line = lineOf(path);
        const parent = path.length === 1 ? null : lineOf(path.slice(0, -1));
        assert(line !== null, `${JSON.stringify(path)} in\n${text}`);
        last = Math.max(last, line);
        if (parent !== null) assert(line >= parent, `${JSON.stringify(path)} in\n${text}`);
      }
      assert(last <= text.split("\n").length);
    }),
    { numRuns: 500 },
  );
});

Deno.test("property: the line that tomlLines() names holds the key", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(leaf, fc.constantFrom("", "\n\n", "# [x]\n", "\n# 'a\n")), {
        minLength: 1,
        maxLength: 8,
      }),
      async (rows) => {
        const text = rows.map(([value, gap], index) =>
          `${gap}[s${index}]\n${stringify({ [`key${index}`]: value })}`
        ).join("\n");
        const lineOf = await tomlLines(text);
        const lines = text.split("\n");
        for (const index of rows.keys()) {
          const line = lineOf([`s${index}`, `key${index}`]) ?? 0;
          assert(lines[line - 1]?.startsWith(`key${index} =`), text);
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("property: tomlLines() ends for any text", async () => {
  const hostile = fc.array(fc.constantFrom(..."[]{}=.,'\"#\\\n ab1\ufeff\0"), { maxLength: 60 })
    .map((chars) => chars.join(""));
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      (await tomlLines(text))(["a", "b", 1]);
    }),
    { numRuns: 1_000 },
  );
});
