import assert from "node:assert/strict";
import { isFor } from "../../../../src/bridges/irc/wire/certificate.ts";

type Facts = Parameters<typeof isFor>[0];

const CASES: readonly (readonly [names: readonly string[], host: string, fits: boolean])[] = [
  [["irc.example.org"], "irc.example.org", true],
  [["irc.example.org"], "IRC.Example.ORG.", true],
  [["IRC.example.org"], "irc.example.org", true],
  [["a.example.org", "irc.example.org"], "irc.example.org", true],
  [["example.org"], "irc.example.org", false],
  [["*.example.org"], "irc.example.org", true],
  [["*.example.org"], "a.irc.example.org", false],
  [["*.example.org"], "example.org", false],
  [["*.example.org"], ".example.org", false],
  [["*"], "localhost", false],
  [["127.0.0.1"], "127.0.0.1", true],
  [["*.0.0.1"], "127.0.0.1", false],
  [[], "irc.example.org", false],
];

Deno.test("a certificate is for the names it bears, with one wildcard for one label", () => {
  for (const [names, host, fits] of CASES) {
    assert.equal(isFor({ names } as Facts, host), fits, `${names} for ${host}`);
  }
});
