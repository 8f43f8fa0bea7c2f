import assert from "node:assert/strict";
import { IRC_OPTIONS } from "../../../src/config/options/irc.ts";
import { load, sample, warningsOf } from "./sample.ts";

/** A key that does nothing by itself, what it needs, and what else makes up for that. */
const KEYS: readonly (readonly [line: string, needs: string, met: readonly string[]])[] = [
  ["SkipTLSVerify=true", "UseTLS=true", ["UseTLS=true"]],
  ['SASLMechanism="plain"', "UseSASL=true", ['UseSASL=true\nSASLPassword="p"\nUseTLS=true']],
  ['SASLLogin="l"', "UseSASL=true", ['UseSASL=true\nSASLPassword="p"\nUseTLS=true']],
  ['SASLPassword="p"', "UseSASL=true", ["UseSASL=true\nUseTLS=true"]],
  ['SASLKey="k.pem"', "UseSASL=true", ["UseSASL=true\nUseTLS=true"]],
  ['NickServNick="N"', "NickServPassword", [
    'NickServPassword="p"\nUseTLS=true',
    'UseSASL=true\nSASLPassword="p"\nUseTLS=true',
  ]],
  ['NickServUsername="u"', "NickServPassword", ['NickServPassword="p"\nUseTLS=true']],
  ['PuppetSuffix="-k"', "Puppets=true", ["Puppets=true"]],
  ["PuppetMax=5", "Puppets=true", ["Puppets=true"]],
  ['PuppetIdle="1h"', "Puppets=true", ["Puppets=true"]],
  ["PuppetDelay=2000", "Puppets=true", ["Puppets=true"]],
  ['PuppetWebIRCGateway="g"', "PuppetWebIRCPassword", [
    'Puppets=true\nPuppetWebIRCPassword="p"\nUseTLS=true',
  ]],
  ['PuppetWebIRCPassword="p"\nUseTLS=true', "Puppets=true", ["Puppets=true"]],
  ['MessageClipped="…"', "MessageSplit=false", ["MessageSplit=false"]],
];

/** The warnings of this account that tell what a key would need. */
async function idleIn(irc: string): Promise<string[]> {
  const warnings = warningsOf(await load(sample({ irc })));
  return warnings.filter((warning) => warning.includes("has no effect without"));
}

for (const [line, needs, met] of KEYS) {
  const key = line.split("=")[0] ?? "";
  const isIdle = (warning: string) =>
    warning.includes(`irc.libera.${key}: `) && warning.endsWith(`has no effect without ${needs}`);
  Deno.test(`${key} alone has no effect without ${needs}, and that is said`, async () => {
    const idle = await idleIn(line);
    assert.deepEqual(idle.map(isIdle), [true], idle.join("\n"));
    for (const more of met) {
      assert.deepEqual((await idleIn(`${line}\n${more}`)).filter(isIdle), [], more);
    }
  });
}

Deno.test("keys at their defaults are not called idle", async () => {
  const clipped = JSON.stringify(IRC_OPTIONS.messageClipped.fallback);
  const lines = ["SkipTLSVerify=false", 'SASLMechanism="auto"', `MessageClipped=${clipped}`];
  for (const line of lines) assert.deepEqual(await idleIn(line), [], line);
});

Deno.test("UseRelayMsg has no effect beside Puppets, and alone none is said", async () => {
  const told = (irc: string) =>
    idleIn(irc).then((all) => all.some((one) => one.endsWith("without Puppets=false")));
  assert.equal(await told("UseRelayMsg=true\nPuppets=true"), true);
  assert.equal(await told("UseRelayMsg=true"), false);
  assert.equal(await told("UseRelayMsg=false\nPuppets=true"), false);
});
