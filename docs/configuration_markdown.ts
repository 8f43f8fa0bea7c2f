import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS, PLACEHOLDERS } from "../src/config/options/account.ts";
import { API_OPTIONS, MATTERBRIDGE_OPTIONS } from "../src/config/options/api.ts";
import { CHANNEL_OPTIONS, ENDPOINT_OPTIONS, FOREIGN_CHANNEL_KEYS, GATEWAY_OPTIONS, SAME_CHANNEL_OPTIONS } from "../src/config/options/gateway.ts";
import { FOREIGN_GENERAL_KEYS, GENERAL_OPTIONS } from "../src/config/options/general.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "../src/config/options/irc.ts";
import { KOSMI_OPTIONS } from "../src/config/options/kosmi.ts";
import type { ForeignKey, Option, OptionTable } from "../src/config/options/option.ts";
import { PROTOCOLS } from "../src/config/reading/accounts.ts";
import { FOREIGN_PROTOCOLS } from "../src/config/reading/foreign.ts";
import { formatGoDuration } from "../src/config/values/values.ts";

/** The text of docs/configuration.md, made from the tables that the loader uses. */
export function configurationMarkdown(): string {
  return [
    INTRODUCTION,
    optionsPart("[general]", "About the relay itself.", GENERAL_OPTIONS),
    optionsPart("Any account", ANY_ACCOUNT, ACCOUNT_OPTIONS),
    optionsPart("[irc.NAME]", "One connection to an IRC server.", IRC_OPTIONS),
    optionsPart("[kosmi.NAME]", "One login at Kosmi, for any number of its rooms.", KOSMI_OPTIONS),
    optionsPart("[api.NAME]", API, API_OPTIONS),
    optionsPart("[matterbridge.NAME]", MATTERBRIDGE, MATTERBRIDGE_OPTIONS),
    optionsPart("[[gateway]]", GATEWAY, GATEWAY_OPTIONS),
    optionsPart("[[gateway.inout]], [[gateway.in]], [[gateway.out]]", ENDPOINT, ENDPOINT_OPTIONS),
    optionsPart("[gateway.inout.options]", "Belongs to the endpoint above it.", CHANNEL_OPTIONS),
    optionsPart("[[samechannelgateway]]", SAME_CHANNEL, SAME_CHANNEL_OPTIONS),
    foreignPart(),
  ].join("\n");
}

const API =
  "An HTTP API for bots and web pages, as Matterbridge has it. Its channel is always `api`. See [matterbridge-together.md](matterbridge-together.md).";

const MATTERBRIDGE =
  "The `[api.NAME]` of a running Matterbridge, and through it its other services. See [matterbridge-together.md](matterbridge-together.md).";

const ANY_ACCOUNT =
  "Keys of every account, whatever its service; in `[general]` they hold for all accounts.";

const GATEWAY =
  "What is written in one endpoint of a gateway appears in all its others. One account can stand in " +
  "any number of gateways.";

const ENDPOINT =
  "Messages are read from `in` and written to `out`; `inout` is both. The same channel under `in` and " +
  "`out` is `inout`.";

const SAME_CHANNEL =
  "For each of the channels a gateway of its own between the accounts: what is said in a channel " +
  "goes to the channels of the same name.";

const INTRODUCTION = `# Configuration

<!-- Made by \`deno run --allow-write=docs/configuration.md docs/generate_configuration.ts\`: change the tables in src/config/, not this file. -->

The relay reads \`matterbridge.toml\` in the folder where it is started, or the file that \`-conf FILE\` names. The form is
Matterbridge's: its configuration works here for IRC. \`kosmi-relay check\` tells all that is wrong with a file, with line
and key, and connects nowhere.

- Letter case makes no difference in sections and keys.
- A value is looked for in the account's section, then in \`[general]\`, then it has the default below.
- An environment variable goes before the file: \`MATTERBRIDGE_\`, then section and key with \`_\` for each \`.\` and \`-\`, in
  capital letters: \`MATTERBRIDGE_IRC_LIBERA_PASSWORD\` is Password of \`[irc.libera]\`. The account must stand in the file.
  Lists are written as JSON: \`["one", "two"]\`. An empty variable counts as not set.
- A key that the relay does not know, or that has no effect, is told as a warning at start. A faulty value ends the start
  with exit code 2; all faults are told together.
- Durations are a number in the unit that is named, or text such as \`"1m30s"\`, \`"500ms"\`, \`"24h"\` or \`"7d"\`.
- Regular expressions are Go's (RE2): \`(?i)\` at the start ignores letter case. They match anywhere in the text.
- A number, a date, true or false where text belongs is taken as the text that it is, and quotes around a number, true or false
  are overlooked, each with a warning. An empty text means that the key is not set.
- The file may also be YAML or JSON of the same form: its name then ends in \`.yaml\`, \`.yml\` or \`.json\`.
- Placeholders of RemoteNickFormat: ${PLACEHOLDERS.map((name) => `\`{${name}}\``).join(", ")}.
  They are filled in one pass, so that a nick \`{CHANNEL}\` stays as it is.
- Secrets can stay out of the file: give them as environment variables. Messages and logs never show one.
`;

function optionsPart(title: string, about: string, table: OptionTable): string {
  const rows = Object.values(table).map(optionRow);
  return [
    `## ${
      title.startsWith("[") ? title.split(", ").map((part) => `\`${part}\``).join(", ") : title
    }`,
    "",
    about,
    "",
    "| Key | Type | Default | What it does |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function optionRow(option: Option<unknown>): string {
  const { key, type, doc, required } = option;
  const fallback = required ? "needed" : defaultOf(option);
  return `| ${key} | ${type.name} | ${fallback} | ${escaped(doc)} |`;
}

function defaultOf({ fallback, fallbackText, type }: Option<unknown>): string {
  if (fallbackText !== undefined) return escaped(fallbackText);
  if (fallback === null) return "none";
  if (fallback === "" || (Array.isArray(fallback) && fallback.length === 0)) return "empty";
  if (typeof fallback === "number") return numberOf(fallback, type.name);
  const code = typeof fallback === "string" ? `"${fallback}"` : String(fallback);
  return `\`${code.replaceAll("|", "\\|")}\``;
}

/** In the unit in which it would be written. */
function numberOf(value: number, typeName: string): string {
  if (typeName === "duration") return `\`"${formatGoDuration(value)}"\``;
  return `\`${typeName === "seconds" ? value / 1_000 : value}\``;
}

function foreignPart(): string {
  const foreign: readonly ForeignKey[] = [
    ...FOREIGN_GENERAL_KEYS,
    ...FOREIGN_ACCOUNT_KEYS,
    ...FOREIGN_IRC_KEYS,
    ...FOREIGN_CHANNEL_KEYS,
  ];
  return [
    "## Matterbridge's keys that have no effect",
    "",
    "Each of them is told as a warning at start.",
    "",
    "| Key | Instead |",
    "| --- | --- |",
    ...[...Map.groupBy(foreign, ({ instead }) => instead)].map(([instead, rows]) =>
      `| ${rows.map(({ key }) => key).join(", ")} | ${escaped(instead)} |`
    ),
    "| `[tengo]` | the relay runs no scripts; use ReplaceMessages |",
    "",
    `The relay speaks ${PROTOCOLS.join(", ")}. Accounts of Matterbridge's other services (${
      FOREIGN_PROTOCOLS.join(", ")
    }) may stand in the file: their endpoints are left out, with one warning for each account. A gateway through which then nothing can be relayed is left out too. To keep them, let Matterbridge run beside the relay: [matterbridge-together.md](matterbridge-together.md).`,
    "",
  ].join("\n");
}

/** Fit for a cell of a table, also where it looks like HTML. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
