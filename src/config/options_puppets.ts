import { puppetSuffixFault, wordFault } from "./irc_checks.ts";
import { option } from "./option.ts";
import { boolean, duration, integer, optionalText, secretText, text } from "./value_types.ts";

/** Keys of `[irc.NAME]` about puppets; all are ours, not Matterbridge's. */
export const PUPPET_OPTIONS = {
  puppets: option({
    key: "Puppets",
    type: boolean,
    fallback: false,
    doc:
      "Gives each Kosmi member who speaks a connection and nick of their own. Ask the network first: see docs/irc.md (ours, not Matterbridge's).",
  }),
  puppetSuffix: option({
    key: "PuppetSuffix",
    type: text({ check: puppetSuffixFault }),
    fallback: "[k]",
    doc: "Ends the nick of every puppet (ours, not Matterbridge's).",
  }),
  puppetMax: option({
    key: "PuppetMax",
    type: integer({ min: 1, max: 500 }),
    fallback: 20,
    doc:
      "The most puppets at a time; whoever comes later is shown by the relay itself (ours, not Matterbridge's).",
  }),
  puppetIdleMs: option({
    key: "PuppetIdle",
    type: duration({ unit: null, minMs: 10_000, maxMs: 30 * 86_400_000 }),
    fallback: 1_800_000,
    doc: "After how long a silence a puppet leaves (ours, not Matterbridge's).",
  }),
  puppetDelayMs: option({
    key: "PuppetDelay",
    type: duration({ unit: "ms", maxMs: 600_000 }),
    fallback: 1_000,
    doc: "How long to wait between the connections of two puppets (ours, not Matterbridge's).",
  }),
  puppetWebIrcGateway: option({
    key: "PuppetWebIRCGateway",
    type: optionalText({ check: wordFault }),
    fallback: null,
    fallbackText: "the nick",
    doc: "The gateway's name in WEBIRC, as the network wants it (ours, not Matterbridge's).",
  }),
  puppetWebIrcPassword: option({
    key: "PuppetWebIRCPassword",
    type: secretText,
    fallback: null,
    fallbackText: "none: puppets come from this machine's address",
    doc:
      "The password of WEBIRC; puppets then show a made-up address each, in fd6b:6f73:6d69::/48 (ours, not Matterbridge's).",
  }),
} as const;
