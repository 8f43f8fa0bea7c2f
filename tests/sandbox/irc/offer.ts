import { CHANNEL_FLAGS } from "./commands/modes.ts";
import { type IrcServerOptions, MODERN_CAPABILITIES } from "./options.ts";

/** The capabilities that a server of these options offers, with their values. */
export function offeredCapabilities(options: IrcServerOptions): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const capability of options.capabilities ?? MODERN_CAPABILITIES) {
    const [name = "", ...value] = capability.split("=");
    names.set(name, value.join("="));
  }
  if (options.accounts !== undefined) names.set("sasl", "PLAIN");
  if (options.chatHistory === true) names.set("draft/chathistory", "");
  if (options.redaction === true) names.set("draft/message-redaction", "");
  if (options.relayMsg === true) names.set("draft/relaymsg", "/");
  return names;
}

/** Tokens of 005. */
export function isupportTokens(options: IrcServerOptions): readonly string[] {
  return [
    "AWAYLEN=200",
    "BOT=B",
    `CASEMAPPING=${options.caseMapping ?? "rfc1459"}`,
    "CHANLIMIT=#&:1000",
    `CHANMODES=b,k,l,${CHANNEL_FLAGS}`,
    "CHANNELLEN=64",
    "CHANTYPES=#&",
    ...(options.chatHistory === true ? [`CHATHISTORY=${options.chatHistoryLimit ?? 100}`] : []),
    ...(options.chatHistory === true ? ["MSGREFTYPES=msgid,timestamp"] : []),
    "KICKLEN=255",
    "LINELEN=512",
    "MODES=20",
    `NETWORK=${options.network ?? "Sandbox"}`,
    `NICKLEN=${options.nickLength ?? 30}`,
    "PREFIX=(ov)@+",
    "TOPICLEN=307",
    ...(options.isupport ?? []),
  ];
}
