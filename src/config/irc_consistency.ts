import { isLoopback } from "../base/loopback.ts";
import type { Findings } from "./fault.ts";
import { IRC_OPTIONS } from "./options_irc.ts";
import type { Lookup } from "./read_options.ts";
import type { IrcAccountConfig } from "./types.ts";

type IrcValues = Omit<IrcAccountConfig, "protocol" | "id" | "name" | "line">;

/** A key, when it has no effect, and what it would need. */
const NEEDS: readonly (readonly [
  key: keyof typeof IRC_OPTIONS,
  idle: (values: IrcValues) => boolean,
  needs: string,
])[] = [
  ["skipTlsVerify", (values) => values.skipTlsVerify && !values.useTls, "UseTLS=true"],
  ["tlsFingerprint", (values) => values.tlsFingerprint !== null && !values.useTls, "UseTLS=true"],
  [
    "tlsClientCertificate",
    (values) => values.tlsClientCertificate !== null && !values.useTls,
    "UseTLS=true",
  ],
  ["saslMechanism", (values) => values.saslMechanism !== "auto" && !values.useSasl, "UseSASL=true"],
  ["saslLogin", (values) => values.saslLogin !== null && !values.useSasl, "UseSASL=true"],
  ["saslPassword", (values) => values.saslPassword !== null && !values.useSasl, "UseSASL=true"],
  [
    "nickServNick",
    (values) => values.nickServNick !== null && values.nickServPassword === null && !values.useSasl,
    "NickServPassword",
  ],
  [
    "nickServUsername",
    (values) => values.nickServUsername !== null && values.nickServPassword === null,
    "NickServPassword",
  ],
  ["puppetSuffix", (values) => !values.puppets, "Puppets=true"],
  ["puppetMax", (values) => !values.puppets, "Puppets=true"],
  ["puppetIdleMs", (values) => !values.puppets, "Puppets=true"],
  ["puppetDelayMs", (values) => !values.puppets, "Puppets=true"],
  [
    "puppetWebIrcGateway",
    (values) => values.puppetWebIrcGateway !== null && values.puppetWebIrcPassword === null,
    "PuppetWebIRCPassword",
  ],
  [
    "puppetWebIrcPassword",
    (values) => values.puppetWebIrcPassword !== null && !values.puppets,
    "Puppets=true",
  ],
  ["useRelayMsg", (values) => values.useRelayMsg && values.puppets, "Puppets=false"],
  [
    "messageClipped",
    (values) => values.messageClipped !== DEFAULT_CLIPPED && values.messageSplit,
    "MessageSplit=false",
  ],
];

const DEFAULT_CLIPPED = IRC_OPTIONS.messageClipped.fallback;

/** Looks at keys that belong together: what can't work is a fault, what has no effect a warning. */
export function checkIrc(values: IrcValues, lookup: Lookup, findings: Findings): void {
  for (const [name, isIdle, needs] of NEEDS) {
    const place = lookup.find(IRC_OPTIONS[name])?.place;
    if (place !== undefined && isIdle(values)) {
      findings.warn(place, `has no effect without ${needs}`);
    }
  }
  checkSasl(values, lookup, findings);
  warnOfPlainText(values, lookup, findings);
  warnOfOddPort(values, lookup, findings);
}

function checkSasl(values: IrcValues, lookup: Lookup, findings: Findings): void {
  const hasPassword = values.saslPassword !== null || values.nickServPassword !== null;
  const hasCertificate = values.tlsClientCertificate !== null && values.useTls;
  if (!values.useSasl) return;
  if (values.saslMechanism === "external" && !hasCertificate) {
    const place = lookup.find(IRC_OPTIONS.saslMechanism)?.place ?? lookup.place;
    findings.fault(place, 'found "external", which needs UseTLS=true and a TLSClientCertificate');
  } else if (
    !hasPassword && (!hasCertificate || values.saslMechanism !== "auto") &&
    values.saslMechanism !== "external"
  ) {
    const place = lookup.find(IRC_OPTIONS.useSasl)?.place ?? lookup.place;
    findings.fault(
      place,
      "needs SASLPassword (or NickServPassword), or UseTLS=true and a TLSClientCertificate",
    );
  }
}

/** Secrets that everybody on the way could read. */
function warnOfPlainText(values: IrcValues, lookup: Lookup, findings: Findings): void {
  if (values.useTls || isLoopback(values.server.host)) return;
  const keys = ["password", "saslPassword", "nickServPassword", "puppetWebIrcPassword"] as const;
  for (const key of keys) {
    const place = lookup.find(IRC_OPTIONS[key])?.place;
    if (place !== undefined && values[key] !== null) {
      findings.warn(
        place,
        "goes to the server in plain text, where others can read it: set UseTLS=true",
      );
    }
  }
}

function warnOfOddPort({ server, useTls }: IrcValues, lookup: Lookup, findings: Findings): void {
  const place = lookup.find(IRC_OPTIONS.server)?.place ?? lookup.place;
  if (server.port === 6697 && !useTls) {
    findings.warn(
      place,
      "port 6697 is for TLS nearly everywhere: set UseTLS=true, or the connection will fail",
    );
  }
  if (server.port === 6667 && useTls) {
    findings.warn(place, "port 6667 is without TLS nearly everywhere: with UseTLS=true use 6697");
  }
}
