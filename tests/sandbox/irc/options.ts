import type { Clock } from "../../../src/base/clock.ts";
import type { CaseMapping } from "./names.ts";

/** What a server of today offers; `sasl`, `draft/chathistory` and `draft/message-redaction` come by options. */
export const MODERN_CAPABILITIES: readonly string[] = [
  "account-notify",
  "account-tag",
  "away-notify",
  "batch",
  "cap-notify",
  "chghost",
  "echo-message",
  "extended-join",
  "invite-notify",
  "labeled-response",
  "message-tags",
  "multi-prefix",
  "server-time",
  "setname",
  "userhost-in-names",
];

/** How quick a client may be. */
export interface FloodLimit {
  /** Lines at once. */
  readonly burst: number;
  /** Lines a second after that. */
  readonly linesPerSecond: number;
  /** What happens to a quicker client: it is killed with "Excess Flood", or its lines wait (InspIRCd's fakelag). */
  readonly action: "kill" | "delay";
  /** Bytes that may wait with "delay" before it is killed with "RecvQ exceeded"; default 8192. */
  readonly recvQ?: number;
}

export interface IrcServerOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Also listens for TLS (PEM texts). */
  readonly tls?: { readonly cert: string; readonly key: string; readonly port?: number };
  readonly serverName?: string;
  readonly network?: string;
  /** Server password; default none. */
  readonly password?: string;
  /** `name` or `name=value`; default MODERN_CAPABILITIES; [] for a server of the nineties (CAP is then an unknown command). */
  readonly capabilities?: readonly string[];
  /** Accounts and their passwords: offers SASL PLAIN. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Only clients that logged in by SASL may register. */
  readonly requireSasl?: boolean;
  /** Offers draft/chathistory. */
  readonly chatHistory?: boolean;
  /** Most lines that one CHATHISTORY answer holds; default 100. */
  readonly chatHistoryLimit?: number;
  /** Offers draft/message-redaction (REDACT). */
  readonly redaction?: boolean;
  /** Offers draft/relaymsg: channel operators speak under other nicks (RELAYMSG). */
  readonly relayMsg?: boolean;
  /** Messages carry msgid; default true. */
  readonly msgids?: boolean;
  /** Messages kept for each channel; default 2000. */
  readonly historyLines?: number;
  readonly caseMapping?: CaseMapping;
  /** Default 30. */
  readonly nickLength?: number;
  /** What becomes of a longer nick: refused with 432 (default), or cut, as the welcome then shows. */
  readonly longNicks?: "refuse" | "truncate";
  /** What happens to a line over 512 bytes: cut, the connection closed, or refused with 417. Default "truncate". */
  readonly longLines?: "truncate" | "close" | "refuse";
  readonly flood?: FloodLimit;
  /** A PING after so much silence, the end after as much again; default 60,000; 0 for never. */
  readonly pingIntervalMs?: number;
  /** Host shown for every client; default "sandbox.example.test". Long ones leave less room for text. */
  readonly clientHost?: string;
  /** More ISUPPORT tokens. */
  readonly isupport?: readonly string[];
  readonly motd?: readonly string[];
  readonly clock?: Clock;
}

export interface Refusal {
  /** "465", "404" … */
  readonly numeric: string;
  readonly text: string;
}

/** What goes wrong at the server; tests change it at any time. */
export interface Faults {
  /** New connections get `ERROR :<this>` and end. */
  refuseConnections: string | null;
  /** So many connections within the window are taken; more are refused as "throttled". */
  connectLimit: { readonly count: number; readonly windowMs: number } | null;
  /** Refuses at registration: 465 for a banned client. */
  refuseRegistration: Refusal | null;
  /** The welcome comes this much later. */
  registrationDelayMs: number;
  /** "silent": AUTHENTICATE is never answered; "aborts": 906; "fails": 904 whatever the password. */
  sasl: "works" | "silent" | "fails" | "aborts";
  /** Nicks that can't be had, with the numeric (433, 432, 437 …). */
  refuseNicks: Map<string, string>;
  /** Channels that can't be entered, with the numeric (471, 473, 474, 475, 477 …). */
  refuseJoins: Map<string, string>;
  /** So many of the next messages are delivered but not echoed (nor acknowledged) to their sender. */
  dropEchoes: number;
  /** So many of the next messages vanish without an answer. */
  dropMessages: number;
  /** So many of the next messages are delivered, then their sender's connection is cut before the echo. */
  cutBeforeEcho: number;
  /** Channel messages are refused (404, 408, 477 …). */
  refuseMessages: Refusal | null;
  /** Messages of several lines are refused, whatever their length. */
  refuseMultiline: boolean;
  /** PING is not answered. */
  ignorePings: boolean;
}

export function noFaults(): Faults {
  return {
    refuseConnections: null,
    connectLimit: null,
    refuseRegistration: null,
    registrationDelayMs: 0,
    sasl: "works",
    refuseNicks: new Map(),
    refuseJoins: new Map(),
    dropEchoes: 0,
    dropMessages: 0,
    cutBeforeEcho: 0,
    refuseMessages: null,
    refuseMultiline: false,
    ignorePings: false,
  };
}
