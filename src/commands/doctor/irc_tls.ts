import { isIP } from "node:net";
import { type CertificateFacts, isFor, normalPin } from "../../bridges/irc/wire/certificate.ts";
import type { IrcAccountConfig } from "../../config/options/config.ts";
import type { LinkEnd } from "../../relay/port/bridge.ts";
import type { Attempt, IrcCheck } from "./irc_check.ts";
import type { RowWriter } from "./rows.ts";

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
const PIN_HINT = "if you know that this certificate is right, set TLSFingerprint to";

/** A row for TLS; false when the relay would not trust the server. */
export function tellTls(
  account: IrcAccountConfig,
  attempt: Attempt,
  end: LinkEnd | null,
  rows: RowWriter,
  nowMs: number,
): boolean {
  const { certificate } = attempt;
  if (certificate === null) {
    tellPlain(account, attempt, rows);
    return true;
  }
  if (account.options.tlsFingerprint !== null) {
    return tellPin(account.options.tlsFingerprint, certificate, rows);
  }
  const isDistrusted = end !== null && attempt.heard === 0 &&
    /certificate|verif|UNKNOWN|trust/i.test(end.reason);
  const fault = faultOf(account, certificate, isDistrusted, nowMs);
  if (fault === null) {
    tellGood(certificate, rows, nowMs);
    return true;
  }
  if (account.options.skipTlsVerify) {
    rows.warn(
      "TLS",
      `${fault.seen}, and SkipTLSVerify=true accepts it: the connection can be intercepted`,
      `set TLSFingerprint="${certificate.fingerprint}" in place of SkipTLSVerify`,
    );
    return true;
  }
  rows.broken("TLS", fault.seen, fault.remedy);
  return false;
}

function tellPlain(account: IrcAccountConfig, { address }: Attempt, rows: RowWriter): void {
  const { password, useSasl, nickServPassword } = account.options;
  if (/^(127\.|::1$|::ffff:127\.)/.test(address ?? "")) {
    rows.ok("TLS", "not used, and not needed: the server is on this machine");
  } else if (password !== null || useSasl || nickServPassword !== null) {
    rows.warn(
      "TLS",
      "not used: the password goes over the net unencrypted",
      "set UseTLS=true and the server's TLS port",
    );
  } else rows.ok("TLS", "not used: all that is said goes over the net unencrypted");
}

function tellPin(pin: string, certificate: CertificateFacts, rows: RowWriter): boolean {
  const isRight = normalPin(pin) === normalPin(certificate.fingerprint);
  if (isRight) rows.ok("TLS", "the certificate is the one that TLSFingerprint names");
  else {
    rows.broken(
      "TLS",
      `the certificate is not the one that TLSFingerprint names: its fingerprint is ${certificate.fingerprint}`,
      "ask the server's operator whether it was renewed, and only then set TLSFingerprint to the new one",
    );
  }
  return isRight;
}

interface Fault {
  readonly seen: string;
  readonly remedy: string;
}

function faultOf(
  account: IrcAccountConfig,
  certificate: CertificateFacts,
  isDistrusted: boolean,
  nowMs: number,
): Fault | null {
  const { validFromMs, validToMs, fingerprint, issuer, names } = certificate;
  const { host } = account.options.server;
  if (validToMs !== null && validToMs < nowMs) {
    return {
      seen: `the server's certificate expired on ${day(validToMs)}`,
      remedy: `tell the server's operator; ${PIN_HINT} "${fingerprint}"`,
    };
  }
  if (validFromMs !== null && validFromMs > nowMs) {
    return {
      seen: `the server's certificate is not valid before ${day(validFromMs)}`,
      remedy: "look at this machine's clock",
    };
  }
  if (!isFor(certificate, host)) {
    return {
      seen: `the server's certificate is for ${
        names.join(", ") || "no name at all"
      }, not for ${host}`,
      remedy: `set Server to a name that the certificate has; ${PIN_HINT} "${fingerprint}"`,
    };
  }
  return isDistrusted && !account.options.skipTlsVerify
    ? {
      seen:
        `no authority that this machine knows has signed the server's certificate (issuer: ${issuer})`,
      remedy:
        `${PIN_HINT} "${fingerprint}"; for an authority of your own set DENO_CERT to its file`,
    }
    : null;
}

function tellGood(certificate: CertificateFacts, rows: RowWriter, nowMs: number): void {
  const { validToMs, issuer } = certificate;
  if (validToMs === null) return rows.ok("TLS", `certificate of ${issuer}`);
  const days = Math.floor((validToMs - nowMs) / DAY_MS);
  const seen = `certificate of ${issuer}, valid until ${day(validToMs)} (${days} days)`;
  if (validToMs - nowMs > SOON_MS) rows.ok("TLS", seen);
  else rows.warn("TLS", seen, "tell the server's operator if it is not renewed by itself");
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** A server for plain text lets a TLS handshake wait for ever. */
const HANDSHAKE_MS = 5_000;

/**
 * Rows for name and port; false when nobody was reached. `fault`: what the socket said where the connection ended. A
 * certificate that the relay did not take is looked at again, unjudged.
 */
export async function tellDial(
  account: IrcAccountConfig,
  attempt: Attempt,
  fault: string | null,
  check: IrcCheck,
  rows: RowWriter,
): Promise<boolean> {
  const { host, port } = account.options.server;
  const isRefused = fault !== null && /ECONNREFUSED/.test(fault);
  const address = attempt.address ?? (isIP(host) !== 0 || isRefused ? host : null);
  if (address === null) {
    rows.broken(
      "DNS",
      `${host} has no address: ${fault}`,
      "check how Server is spelt, and that this machine can resolve names",
    );
    return false;
  }
  rows.ok("DNS", address === host ? `${host} is an address` : `${host} is ${address}`);
  if (!attempt.isConnected) {
    rows.broken(
      "TCP",
      `nobody answers at ${host}:${port}: ${fault}`,
      `check the port in Server (usual: ${
        account.options.useTls ? 6697 : 6667
      }), and that no firewall is in the way`,
    );
    return false;
  }
  rows.ok("TCP", `${host}:${port} answers`);
  if (!attempt.byTls || attempt.certificate !== null) return true;
  const seen = await check.lookAtCertificate(HANDSHAKE_MS);
  if (typeof seen !== "string") {
    attempt.certificate = seen;
    return true;
  }
  rows.broken(
    "TLS",
    `no TLS handshake with ${host}:${port}: ${seen}`,
    "this port may be one for plain text: set the server's TLS port in Server (usual: 6697), or UseTLS=false",
  );
  return false;
}
