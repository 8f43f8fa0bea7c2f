import { listenAddress } from "../values/net.ts";
import {
  boolean,
  choice,
  duration,
  integer,
  list,
  secretText,
  text,
  textList,
  turned,
} from "../values/values.ts";
import { type ForeignKey, option } from "./option.ts";

const DAY_MS = 86_400_000;

const LEVELS = ["debug", "info", "warning", "error"] as const;
type LogLevel = (typeof LEVELS)[number];

/** Levels by category: `["irc.libera=debug"]`. */
const logLevels = turned(
  textList({ check: levelFault }),
  (rows): Readonly<Record<string, LogLevel>> =>
    Object.freeze(Object.fromEntries(rows.flatMap((row) => {
      const [category = "", word = ""] = row.split("=");
      const level = LEVELS.find((level) => level === word);
      return level === undefined ? [] : [[category, level] as const];
    }))),
);

/** Somebody who may give chat commands: known at this account only. */
export interface CommandUser {
  readonly account: string;
  /** `nick!user@host`, `user@host`, or the name of a login; `*` and `?` stand for anything. */
  readonly mask: string;
}

const COMMAND_USER = /^([a-z]+\.[^:\s]+):(\S+)$/i;

/** `["irc.libera:*!*@staff/alice"]`. */
const commandUsers = turned(
  list({
    name: "list of ACCOUNT:USER",
    item: text({
      check: (written) =>
        COMMAND_USER.test(written)
          ? null
          : 'the account and then the user, such as "irc.libera:*!*@staff/alice"',
    }),
    example: '["irc.libera:*!*@staff/alice"]',
  }),
  (rows): readonly CommandUser[] =>
    Object.freeze(rows.map((row) => {
      const [, account = "", mask = ""] = COMMAND_USER.exec(row) ?? [];
      return Object.freeze({ account: account.toLowerCase(), mask });
    })),
);

/** Keys of `[general]` that are about the relay itself. All keys of accounts can stand there too. */
export const GENERAL_OPTIONS = {
  outboxMaxAgeMs: option({
    key: "OutboxMaxAge",
    type: duration({ unit: null, minMs: 1_000 }),
    fallback: DAY_MS,
    doc:
      "How long a message waits for a destination that is away before it is dropped, counted and announced.",
  }),
  outboxMaxMessages: option({
    key: "OutboxMaxMessages",
    type: integer({ min: 1, max: 10_000_000 }),
    fallback: 10_000,
    doc:
      "How many messages wait for one destination at most; the oldest are dropped, counted and announced.",
  }),
  catchUpMaxMessages: option({
    key: "CatchUpMaxMessages",
    type: integer({ min: 0, max: 100_000 }),
    fallback: 500,
    doc: "Maximum number of missed messages to fetch for each channel; 0: none.",
  }),
  catchUpMaxAgeMs: option({
    key: "CatchUpMaxAge",
    type: duration({ unit: null }),
    fallback: DAY_MS,
    doc: "How old such a message may be.",
  }),
  debug: option({
    key: "Debug",
    type: boolean,
    fallback: false,
    doc: 'The same as LogLevel="debug".',
  }),
  logLevel: option({
    key: "LogLevel",
    type: choice(LEVELS),
    fallback: "info",
    doc: "What is logged at least.",
  }),
  logLevels: option({
    key: "LogLevels",
    type: logLevels,
    fallback: Object.freeze({}),
    fallbackText: "none",
    doc: 'Other levels for parts of the relay, as in `["irc.libera=debug"]`.',
  }),
  logFormat: option({
    key: "LogFormat",
    type: choice(["auto", "pretty", "logfmt", "json"]),
    fallback: "auto",
    doc: "How log lines look; auto is pretty on a terminal and logfmt elsewhere.",
  }),
  statusListen: option({
    key: "StatusListen",
    type: listenAddress,
    fallback: null,
    fallbackText: "none: no status page",
    doc:
      "The address of the status page, /healthz, /readyz and /metrics, such as `127.0.0.1:9180`: see docs/status.md.",
  }),
  statusToken: option({
    key: "StatusToken",
    type: secretText,
    fallback: null,
    doc:
      "Password of the status page; required where StatusListen is reachable from other machines.",
  }),
  statusShowMessages: option({
    key: "StatusShowMessages",
    type: boolean,
    fallback: false,
    doc: "Shows the texts of messages on the status page.",
  }),
  browserSandbox: option({
    key: "BrowserSandbox",
    type: choice(["on", "auto", "off"]),
    fallback: "on",
    doc:
      "Whether Chromium runs in its own sandbox for the login; auto: without where the system does not let it, with a warning.",
  }),
  commandPrefix: option({
    key: "CommandPrefix",
    type: text({ empty: "allowed" }),
    fallback: "!",
    fallbackText: "`!`; empty: no chat commands",
    doc: "What chat commands such as !status begin with.",
  }),
  commandAccounts: option({
    key: "CommandAccounts",
    type: textList(),
    fallback: [],
    fallbackText: "all",
    doc: "The accounts from which chat commands are taken.",
  }),
  commandUsers: option({
    key: "CommandUsers",
    type: commandUsers,
    fallback: [],
    fallbackText: "everybody may ask, nobody may act",
    doc:
      "Who may give chat commands, each with the account where: `irc.libera:*!*@staff/alice`, `irc.libera:alice` (a services account), `kosmi.room:USERID`: see docs/commands.md.",
  }),
} as const;

function levelFault(written: string): string | null {
  return /^[^\s=]+=(?:debug|info|warning|error)$/.test(written)
    ? null
    : 'text such as "irc.libera=debug"';
}

const NO_MEDIA =
  "there is no media server: pictures stay where they are, and their address is relayed";

/** Matterbridge's keys of [general] that have no effect here. */
export const FOREIGN_GENERAL_KEYS: readonly ForeignKey[] = [
  {
    key: "LogFile",
    instead:
      "the relay logs to standard error: let the journal, the container engine or 2>> FILE keep it",
  },
  {
    key: "IgnoreFailureOnStart",
    instead: "not needed: each account starts by itself and is tried again for ever",
  },
  { key: "MediaServerUpload", instead: NO_MEDIA },
  { key: "MediaServerDownload", instead: NO_MEDIA },
  { key: "MediaDownloadPath", instead: NO_MEDIA },
  { key: "MediaDownloadSize", instead: NO_MEDIA },
  { key: "MediaDownloadBlackList", instead: NO_MEDIA },
  { key: "MediaConvertTgs", instead: NO_MEDIA },
  { key: "MediaConvertWebPToPNG", instead: NO_MEDIA },
  { key: "TengoModifyMessage", instead: "the relay runs no scripts: use ReplaceMessages" },
];
