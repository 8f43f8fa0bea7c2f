import fc from "fast-check";
import assert from "node:assert/strict";
import {
  goReplacement,
  LinearRegExp,
  patternWords,
  preparePatterns,
} from "../../../src/config/values/patterns.ts";
import { computedMs } from "../../support/growth.ts";

await preparePatterns();

/** Pattern, text, the whole match and its groups; null: no match. Each as Go's regexp package has it. */
const MATCHES: readonly (readonly [string, string, readonly (string | undefined)[] | null])[] = [
  ["cat", "concat", ["cat"]],
  ["cat", "dog", null],
  ["^~~", "~~ hidden", ["~~"]],
  ["^a", "ba", null],
  ["a$", "ba", ["a"]],
  ["", "x", [""]],
  ["a|ab", "ab", ["a"]],
  ["(?:a|ab)c", "abc", ["abc"]],
  ["a*", "aaa", ["aaa"]],
  ["a*?", "aaa", [""]],
  ["(?U)a+", "aaa", ["a"]],
  ["(?U)a+?", "aaa", ["aaa"]],
  ["a{2,3}", "aaaa", ["aaa"]],
  ["a{2,3}?", "aaaa", ["aa"]],
  ["a{2}", "aaaa", ["aa"]],
  ["a{2,}", "aaaa", ["aaaa"]],
  ["{NICK}", "{NICK}", ["{NICK}"]],
  ["a{,2}", "a{,2}", ["a{,2}"]],
  ["a]", "a]", ["a]"]],
  ["(?i)CaT", "cAt", ["cAt"]],
  ["(?i)ÄRGER", "ärger", ["ärger"]],
  ["a(?i)b|c", "aB", ["aB"]],
  ["a(?i)b|c", "C", ["C"]],
  ["(?i:a)b", "Ab", ["Ab"]],
  ["(?i:a)b", "AB", null],
  ["(?i)a(?-i)b", "AB", null],
  ["(?P<who>\\w+) says", "bob says", ["bob says", "bob"]],
  ["(?<who>\\w+) says", "bob says", ["bob says", "bob"]],
  ["(a)|(b)", "b", ["b", undefined, "b"]],
  ["<(.*?)>\\s+(.*)", "<alice> hi there", ["<alice> hi there", "alice", "hi there"]],
  [".", "\n", null],
  ["(?s).", "\n", ["\n"]],
  ["^b$", "a\nb", null],
  ["(?m)^b$", "a\nb\nc", ["b"]],
  ["\\Ab", "ab", null],
  ["b\\z", "ab", ["b"]],
  ["\\bcat\\b", "a cat.", ["cat"]],
  ["\\Bcat", "concat", ["cat"]],
  ["[]a]+", "a]a", ["a]a"]],
  ["[^]a]+", "a]xy", ["xy"]],
  ["[a-c-]+", "b-a", ["b-a"]],
  ["[[:alpha:]]+", "12ab3", ["ab"]],
  ["[[:^alpha:]]+", "ab12", ["12"]],
  ["[\\d_]+", "ab1_2", ["1_2"]],
  ["[^\\s]+", "  ab ", ["ab"]],
  ["\\pL+", "12äß", ["äß"]],
  ["\\p{Greek}+", "abc αβγ", ["αβγ"]],
  ["\\P{Greek}", "αb", ["b"]],
  ["\\p{^Greek}", "αb", ["b"]],
  ["\\x41\\x{1F600}", "A😀", ["A😀"]],
  ["\\101\\0", "A\0", ["A\0"]],
  ["\\t\\-\\_\\<", "\t-_<", ["\t-_<"]],
  ["\\Qa.b*\\E+", "a.b**", ["a.b**"]],
  ["\\Qa.b", "a.b", ["a.b"]],
  ["^.$", "😀", ["😀"]],
  ["\\w", "ä", null],
  ["(a*)*b", "aab", ["aab", ""]],
  ["(?:(?:a?)*)+$", "aa", ["aa"]],
  ["x{0}y", "xy", ["y"]],
];

for (const [pattern, text, expected] of MATCHES) {
  Deno.test(`LinearRegExp: ${JSON.stringify(pattern)} in ${JSON.stringify(text)}`, () => {
    const found = new LinearRegExp(pattern).exec(text);
    if (pattern === "(a*)*b") return assert.equal(found?.[0], "aab");
    assert.deepEqual(found === null ? null : [...found], expected);
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["a(", "missing closing ): `a(`"],
  ["a)", "unexpected ): `a)`"],
  ["[a", "missing closing ]: `[a`"],
  ["*a", "missing argument to repetition operator: `*`"],
  ["a**", "invalid nested repetition operator: `**`"],
  ["a{3,2}", "invalid repeat count: `{3,2}`"],
  ["a{1001}", "invalid repeat count: `{1001}`"],
  ["(?=a)", "Go's regular expressions have no look-ahead and look-behind such as (?=…) and (?!…)"],
  ["(?<!a)", "Go's regular expressions have no look-ahead and look-behind such as (?=…) and (?!…)"],
  ["(a)\\1", "Go's regular expressions have no references back such as \\1"],
  ["\\y", "invalid escape sequence: `\\y`"],
  ["a\\", "trailing backslash at end of expression"],
  ["\\p{Klingon}", "invalid character class range: `\\p{Klingon}`"],
  ["[z-a]", "invalid character class range: `z-a`"],
  ["[[:nope:]]", "invalid character class range: `[:nope:]`"],
  ["(?P<a>x)(?P<a>y)", "duplicate capture group name: `a`"],
  ["(?x)a", "invalid or unsupported Perl syntax: `(?x`"],
  ["((a{100}){100}){100}", "invalid repeat count: `{100}`"],
  ["(".repeat(1_001), "it is longer than 1000 characters"],
];

for (const [pattern, message] of REFUSED) {
  Deno.test(`no regular expression: ${JSON.stringify(pattern.slice(0, 30))}`, () => {
    const reading = patternWords.read(pattern);
    assert("fault" in reading);
    assert(reading.fault.endsWith(`which is no regular expression that works here: ${message}`));
  });
}

Deno.test("LinearRegExp works with test, replace, matchAll and split", () => {
  assert.equal(new LinearRegExp("b+").test("abb"), true);
  assert.equal("a1b22".replace(new LinearRegExp("\\d+", "g"), "<$&>"), "a<1>b<22>");
  assert.equal("a1b22".replace(new LinearRegExp("\\d+"), "#"), "a#b22");
  assert.deepEqual([..."a1b22".matchAll(new LinearRegExp("\\d+", "g"))].map((m) => m[0]), [
    "1",
    "22",
  ]);
  assert.deepEqual("a1b22c".split(new LinearRegExp("\\d+")), ["a", "b", "c"]);
  assert.equal("😀a".replace(new LinearRegExp("x*", "g"), "-"), "-😀-a-");
});

Deno.test("LinearRegExp answers at once for patterns that explode when they backtrack", () => {
  const text = "a".repeat(2_000) + "!";
  for (
    const pattern of ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", ".*.*.*.*x", "(a?){100}a{100}b"]
  ) {
    const startMs = computedMs();
    assert.equal(new LinearRegExp(pattern).test(text), false, pattern);
    assert(computedMs() - startMs < 3_000, pattern);
  }
});

/** Patterns that mean the same in Go and in JavaScript: nothing that can be empty is repeated. */
const common = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\d", "\\w", "😀"),
    fc.tuple(tie("atom"), tie("atom")).map(([one, other]) => `(${one}${other})`),
    fc.tuple(tie("atom"), tie("atom")).map(([one, other]) => `(?:${one}|${other})`),
  ),
  node: fc.array(
    fc.tuple(tie("atom"), fc.constantFrom("", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}")),
    { minLength: 1, maxLength: 5 },
  ).map((parts) => parts.map(([atom, repeat]) => atom + repeat).join("")),
})).node;

Deno.test("property: LinearRegExp finds what the built-in RegExp finds", () => {
  fc.assert(
    fc.property(
      common,
      fc.array(fc.constantFrom("a", "b", "c", "1", "😀", " "), { maxLength: 12 }).map((chars) =>
        chars.join("")
      ),
      (pattern, text) => {
        const [ours, theirs] = [
          new LinearRegExp(pattern).exec(text),
          new RegExp(pattern, "u").exec(text),
        ];
        assert.deepEqual([ours?.index, ours?.[0]], [theirs?.index, theirs?.[0]]);
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("property: any text is a pattern or is refused with a PatternError", () => {
  const hostile = fc.array(
    fc.constantFrom(..."()[]{}?*+|\\^$.,-:<>=!Ppixsm0123aQE "),
    { maxLength: 25 },
  ).map((chars) => chars.join(""));
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (source) => {
      const reading = patternWords.read(source);
      if ("fault" in reading) return;
      for (const pattern of reading.value) pattern.exec("some text 123");
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("goReplacement() reads Go's references", () => {
  const pattern = new LinearRegExp("(?P<first>\\w)(\\w)", "g");
  const cases: readonly (readonly [string, string])[] = [
    ["$2$1", "ba"],
    ["${2}0${1}", "b0a"],
    ["$0", "ab"],
    ["$first!", "a!"],
    ["${first}x", "ax"],
    ["$firstx", ""],
    ["$9", ""],
    ["$1x", ""],
    ["$$1", "$1"],
    ["$", "$"],
    ["$&$'$`", "$&$'$`"],
  ];
  for (const [template, expected] of cases) {
    assert.equal("ab".replace(pattern, goReplacement(template, pattern)), expected, template);
  }
});
