import { didYouMean } from "../values/did_you_mean.ts";
import { extractions, patternWords, replacements } from "../values/patterns.ts";
import { boolean, choice, text, type ValueType } from "../values/values.ts";
import { type ForeignKey, option } from "./option.ts";

/** What stands before a relayed text when RemoteNickFormat is empty. */
const DEFAULT_NICK_FORMAT = "[{PROTOCOL}] <{NICK}> ";

/** What RemoteNickFormat may hold in braces. */
export const PLACEHOLDERS: readonly string[] = [
  "NICK",
  "NOPINGNICK",
  "PROTOCOL",
  "BRIDGE",
  "GATEWAY",
  "LABEL",
  "USERID",
  "CHANNEL",
];

/** A RemoteNickFormat for services that show the name apart from the text. */
export const nickAlone: ValueType<string> = {
  ...text({ name: "template" }),
  read: (raw) => raw === "" ? { value: "{NICK}" } : nickTemplate.read(raw),
};

/** A RemoteNickFormat. What stands in braces and is no placeholder is relayed as it is written, so it is only warned of. */
const nickTemplate: ValueType<string> = {
  ...text({ name: "template" }),
  read: (raw) => {
    // Some services show several lines; a line of IRC is one.
    const hasBreak = typeof raw === "string" && /[\r\n]/.test(raw);
    const reading = text({ empty: "allowed" })
      .read(hasBreak ? raw.replace(/[\r\n]+/g, " ") : raw);
    if ("fault" in reading) return reading;
    const warnings = unknownPlaceholders(reading.value).map(warningFor);
    if (hasBreak) warnings.push("a line break in it is taken as a space");
    const { warning = warnings.join("; ") } = reading;
    const value = withoutScripts(reading.value) || DEFAULT_NICK_FORMAT;
    return warning === "" ? { value } : { value, warning };
  },
};

/** A format that leaves the nick to a script gets the usual one. */
function withoutScripts(template: string): string {
  if (!template.includes("{TENGO}")) return template;
  const rest = template.replaceAll("{TENGO}", "");
  return /\{(?:NOPING)?NICK\}/.test(rest) ? rest : DEFAULT_NICK_FORMAT;
}

function unknownPlaceholders(template: string): string[] {
  const names = [...template.matchAll(/\{([A-Za-z]{1,40})\}/g)].map((match) => match[1] ?? "");
  return [...new Set(names)].filter((name) => !PLACEHOLDERS.includes(name));
}

function warningFor(name: string): string {
  if (name === "TENGO") return "{TENGO} has no effect, because the relay runs no scripts";
  return `there is no placeholder {${name}}, so it stays as it is written${
    didYouMean(name, PLACEHOLDERS)
  }`;
}

/** Keys of every account, whatever its service; in [general] they hold for all accounts. */
export const ACCOUNT_OPTIONS = {
  remoteNickFormat: option({
    key: "RemoteNickFormat",
    type: nickTemplate,
    fallback: DEFAULT_NICK_FORMAT,
    doc:
      "What stands before a text that is relayed to this account; placeholders: {NICK}, {NOPINGNICK}, " +
      "{PROTOCOL}, {BRIDGE}, {GATEWAY}, {LABEL}, {USERID}, {CHANNEL} (of the sender).",
  }),
  label: option({
    key: "Label",
    type: text({ empty: "allowed" }),
    fallback: "",
    doc: "What {LABEL} stands for in messages that come from this account.",
  }),
  ignoreNicks: option({
    key: "IgnoreNicks",
    type: patternWords,
    fallback: [],
    doc: "Ignores users of this account whose nick matches one of these.",
  }),
  ignoreMessages: option({
    key: "IgnoreMessages",
    type: patternWords,
    fallback: [],
    doc: "Messages of this account whose text matches one of these are not relayed.",
  }),
  replaceMessages: option({
    key: "ReplaceMessages",
    type: replacements,
    fallback: [],
    doc: "Replaces in the text of messages that come from this account.",
  }),
  replaceNicks: option({
    key: "ReplaceNicks",
    type: replacements,
    fallback: [],
    doc: "Replaces in the nicks of people of this account.",
  }),
  extractNicks: option({
    key: "ExtractNicks",
    type: extractions,
    fallback: [],
    doc:
      "Takes the true nick out of another relay's messages: where the first expression matches the " +
      "nick and the second the text, its first group is the nick. The text is its second group, else what the match leaves.",
  }),
  noSendJoinPart: option({
    key: "NoSendJoinPart",
    type: boolean,
    fallback: false,
    doc:
      "Does not relay joins and parts from this account, whatever the other accounts' ShowJoinPart.",
  }),
  stripNick: option({
    key: "StripNick",
    type: boolean,
    fallback: false,
    doc: "Reduces the nicks that are relayed to this account to letters and digits.",
  }),
  editSuffix: option({
    key: "EditSuffix",
    type: text({ empty: "allowed" }),
    fallback: "",
    doc: "What is put behind the new text of an edited message.",
  }),
  editDisable: option({
    key: "EditDisable",
    type: boolean,
    fallback: false,
    doc: "Edited messages are not relayed again to this account.",
  }),
  showTyping: option({
    key: "ShowTyping",
    type: boolean,
    fallback: false,
    doc: "Shows to this account that somebody is typing elsewhere (ours, not Matterbridge's).",
  }),
  showDeletes: option({
    key: "ShowDeletes",
    type: boolean,
    fallback: true,
    doc:
      "Says to this account that a relayed message was deleted, where it can't be deleted there too.",
  }),
  showReactions: option({
    key: "ShowReactions",
    type: boolean,
    fallback: true,
    doc: "Says to this account how somebody reacted to a relayed message.",
  }),
  showReplies: option({
    key: "ShowReplies",
    type: boolean,
    fallback: true,
    doc: "Says to this account which message is answered, where the service can't show it.",
  }),
  showJoinPart: option({
    key: "ShowJoinPart",
    type: boolean,
    fallback: false,
    doc: "Relays joins and parts of other accounts to this one.",
  }),
  showJoinPartFor: option({
    key: "ShowJoinPartFor",
    type: choice(["everybody", "speakers"]),
    fallback: "everybody",
    doc:
      "Whose coming, going and nick changes are told: everybody's, or only of those who spoke in the last 30 minutes (ours, not Matterbridge's).",
  }),
  verboseJoinPart: option({
    key: "VerboseJoinPart",
    type: boolean,
    fallback: false,
    doc: "Shows user and host of those who come and leave.",
  }),
  showQuit: option({
    key: "ShowQuit",
    type: boolean,
    fallback: false,
    doc: "Says to this account who leaves another service altogether (ours, not Matterbridge's).",
  }),
  showNickChange: option({
    key: "ShowNickChange",
    type: boolean,
    fallback: false,
    doc: "Says to this account who changes their nick elsewhere (ours, not Matterbridge's).",
  }),
  showTopicChange: option({
    key: "ShowTopicChange",
    type: boolean,
    fallback: false,
    doc: "Says to this account when a topic is changed elsewhere.",
  }),
  syncTopic: option({
    key: "SyncTopic",
    type: boolean,
    fallback: false,
    doc: "Sets the topic of this account's channels when it is changed elsewhere.",
  }),
} as const;

/** Keys that Matterbridge has for its other services; people put them in [general] too. */
const OTHER_SERVICES = (
  "AccessToken AllowMention Anonymous AppToken AuthCode AutoWebhooks BindAddress Buffer ClientID ClientSecret " +
  "Community CustomStatus DeviceID DisableMarkdownParsing DisableWebPagePreview GuestSuffix Homeserver HTMLDisable " +
  "Jid KeepQuotedReply Login Mechanism MessageFormat MessagePrefix Muc MxID NoHomeServerSuffix NoPLAIN NoStartTLS " +
  "Number PickleKey QrOnWhiteTerminal QuoteDisable QuoteFormat QuoteLengthLimit RecoveryKey SeparateDisplayName " +
  "SessionFile SkipVersionCheck SpoofUsername Team TeamID TenantID TLSCACertificate TLSClientKey URL UseAPI " +
  "UseDirectTLS UseDiscriminator UseFirstName UseFullName UseInsecureURL UseMSC4144 UserComment UserID UseUserName " +
  "WebhookBindAddress WebhookURL"
).split(" ");

/** Matterbridge's keys of any account that have no effect here. */
export const FOREIGN_ACCOUNT_KEYS: readonly ForeignKey[] = [
  { key: "PreserveThreading", instead: "replies are always kept, see ShowReplies" },
  { key: "Debug", instead: "an account has none of its own: set it in [general]" },
  { key: "ShowEmbeds", instead: "Kosmi and IRC have no embeds" },
  { key: "ShowUserTyping", instead: "set ShowTyping" },
  { key: "UseLocalAvatar", instead: "Kosmi and IRC take no avatars from a relay" },
  { key: "IconURL", instead: "Kosmi and IRC take no avatars from a relay" },
  {
    key: "MessageQueue",
    instead: "nothing is dropped from the queue; see OutboxMaxMessages in [general]",
  },
  { key: "EditMaxDays", instead: "an edit is relayed while the message that it changes is known" },
  { key: "NickFormatter", instead: "!who has one form" },
  { key: "NicksPerRow", instead: "!who puts as many names on a line as it holds" },
  {
    key: "PrefixMessagesWithNick",
    instead: "the nick always stands before a message, see RemoteNickFormat",
  },
  { key: "MessageSplitMaxCount", instead: "see MaxLines" },
  ...OTHER_SERVICES.map((key) => ({ key, instead: "neither Kosmi nor IRC has a use for it" })),
];
