import assert from "node:assert/strict";
import fc from "fast-check";
import { faultsOf, GATEWAY, load, sample, warningsOf } from "./sample.ts";

const hostile = fc.array(
  fc.constantFrom(
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    '"',
    "'",
    '"""',
    "#",
    "\\",
    "\n",
    " ",
    "irc",
    "kosmi",
    "general",
    "gateway",
    "inout",
    "libera",
    "account",
    "channel",
    "Password",
    "Nick",
    "1",
    "true",
    "\ufeff",
    "\0",
    "é",
  ),
  { maxLength: 60 },
).map((parts) => parts.join(""));

Deno.test("property: loadConfig() answers for any text and any variables", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        hostile,
        fc.string({ unit: "binary", maxLength: 200 }),
        hostile.map((text) => sample() + text),
      ),
      fc.dictionary(
        fc.constantFrom(
          "MATTERBRIDGE_IRC_LIBERA_NICK",
          "MATTERBRIDGE_GENERAL_X",
          "MATTERBRIDGE_",
          "__proto__",
        ),
        fc.string(),
      ),
      async (text, env) => {
        const loaded = await load(text, env);
        assert.equal(loaded.config === null, loaded.faults.length > 0);
        for (const { line } of [...loaded.faults, ...loaded.warnings]) {
          assert(line === null || (line >= 1 && line <= text.split("\n").length));
        }
        for (const told of [...faultsOf(loaded), ...warningsOf(loaded)]) {
          assert(
            !/\p{Cc}/u.test(told),
            told,
          );
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

/** Values that are no secret but stand where one is expected, with the secret in them. */
const SPELLINGS: readonly ((secret: string) => string)[] = [
  (secret) => `"${secret}"`,
  (secret) => `'${secret}'`,
  (secret) => `"""${secret}"""`,
  (secret) => `["${secret}"]`,
  (secret) => `[["${secret}", "${secret}"]]`,
  (secret) => `{ a = "${secret}" }`,
  (secret) => `"${secret}\\n"`,
  (secret) => `"${secret}`,
  (secret) => secret,
  (secret) => `"${secret}" "${secret}"`,
  (secret) => `"\\${secret}"`,
  (secret) => `"a${secret}"b`,
  (secret) => `"${secret}"\nPassword = "${secret}"`,
];

const KEYS = [
  "Password",
  "pasSWord",
  "Passwrd",
  "Token",
  "NickServPassword",
  "SASLPassword",
  "StatusToken",
  "RunCommands",
  "BrowserURL",
  "Pass",
  "Unknown",
];

Deno.test("property: no fault and no warning shows a secret", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({
        unit: fc.constantFrom(..."abcdefghijkmnpqrstuvwxyz23456789"),
        minLength: 14,
        maxLength: 30,
      }),
      fc.constantFrom(...KEYS),
      fc.constantFrom(...SPELLINGS),
      fc.constantFrom("general", "irc", "kosmi", "gateway", "discord", "env"),
      async (secret, key, spell, where) => {
        const loaded = await loadWithSecret({
          secret,
          row: `${key} = ${spell(secret)}`,
          key,
          where,
        });
        for (const told of [...faultsOf(loaded), ...warningsOf(loaded)]) {
          assert(!told.includes(secret), told);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

function loadWithSecret(
  tried: { secret: string; row: string; key: string; where: string },
): ReturnType<typeof load> {
  const { secret, row, key, where } = tried;
  switch (where) {
    case "general":
      return load(sample({ general: row }));
    case "irc":
      return load(sample({ irc: row }));
    case "kosmi":
      return load(sample({ kosmi: row }));
    case "gateway":
      return load(
        sample({ gateway: `${GATEWAY}\n[gateway.inout.options]\n${row.replace(/^\w+/, "key")}` }),
      );
    case "discord":
      return load(`${sample()}\n[discord.x]\n${row}`);
    default:
      return load(sample(), {
        [`MATTERBRIDGE_IRC_LIBERA_${key.toUpperCase()}`]: secret,
        [`MATTERBRIDGE_KOSMI_MOVIES_${key.toUpperCase()}`]: `ftp://${secret}`,
        [`MATTERBRIDGE_GENERAL_${key.toUpperCase()}`]: `[${secret}`,
      });
  }
}
