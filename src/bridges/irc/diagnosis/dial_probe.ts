import net from "node:net";
import { once } from "node:events";
import tls from "node:tls";
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { type CertificateFacts, certificateFacts } from "../wire/certificate.ts";
import { passProxy, type SocksProxy } from "../wire/socket.ts";

interface DialProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly bind: string | null;
  readonly proxy: SocksProxy | null;
  readonly tls: { readonly clientCertificatePem: string | null } | null;
  readonly clock: Clock;
  readonly limitMs: number;
}

/** How far a connection came. */
export interface DialFinding {
  /** The address that was dialled; null where the name has none. */
  readonly address: string | null;
  /** Null when all went well. "name": it does not resolve; "connect": nobody answers there; "tls": no TLS handshake. */
  readonly fault: { readonly stage: "name" | "connect" | "tls"; readonly said: string } | null;
  /** What the server showed, verified by nobody; null without TLS. */
  readonly certificate: CertificateFacts | null;
}

/** A server for plain text lets a TLS handshake wait for ever. */
const HANDSHAKE_MS = 5_000;

/** Connects, reads the certificate without judging it, and hangs up. Never rejects. */
export async function probeDial(
  options: DialProbeOptions,
  signal: AbortSignal,
): Promise<DialFinding> {
  const { host, port, bind, proxy, clock, limitMs } = options;
  if (proxy !== null) return await probeThroughProxy(options, proxy, signal);
  const target = { host, port, ...(bind === null ? {} : { localAddress: bind }) };
  const socket = options.tls === null
    ? net.connect(target)
    : tls.connect({ ...target, ...tlsOptions(host, options.tls.clientCertificatePem) });
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal]);
  const after = (waitMs: number) =>
    clock.sleep(waitMs, limit).then(() => `no answer within ${waitMs / 1000} s`, () => "stopped");
  const handshakeLate = new Promise<string>((resolve) => {
    socket.once("connect", () => resolve(after(HANDSHAKE_MS)));
  });
  try {
    return await follow(socket, options, Promise.race([after(limitMs), handshakeLate]));
  } finally {
    over.abort();
    socket.destroy();
  }
}

/** The same by the proxy alone: nothing may go to the server, or ask for its name, beside it. */
async function probeThroughProxy(
  options: DialProbeOptions,
  proxy: SocksProxy,
  signal: AbortSignal,
): Promise<DialFinding> {
  const { host, clock, limitMs } = options;
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal]);
  const late = clock.sleep(limitMs, limit)
    .then(() => `no answer within ${limitMs / 1000} s`, () => "stopped");
  const socket = net.connect({ host: proxy.host, port: proxy.port });
  try {
    const opened = once(socket, "connect").then(() => passProxy(socket, proxy, options));
    const said = await Promise.race([opened.then(() => null, describeError), late]);
    const address = said === null ? host : `${proxy.host}:${proxy.port}`;
    if (said !== null) return { address, fault: { stage: "connect", said }, certificate: null };
    if (options.tls === null) return { address, fault: null, certificate: null };
    const secure = tls.connect({ socket, ...tlsOptions(host, options.tls.clientCertificatePem) });
    return await follow(secure, options, late, address);
  } finally {
    over.abort();
    socket.destroy();
  }
}

function tlsOptions(host: string, pem: string | null): tls.ConnectionOptions {
  return {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(pem === null ? {} : { cert: pem, key: pem }),
    // What is wrong with a certificate can only be told when it was seen. Nothing is sent over this connection.
    rejectUnauthorized: false,
  };
}

function follow(
  socket: net.Socket,
  { host, tls: wantsTls }: DialProbeOptions,
  tooLate: Promise<string>,
  reached: string | null = null,
): Promise<DialFinding> {
  let address = reached ?? (net.isIP(host) === 0 ? null : host);
  let connected = reached !== null;
  return new Promise((resolve) => {
    const fail = (said: string) => {
      const stage = connected ? "tls" : address === null ? "name" : "connect";
      resolve({ address, fault: { stage, said }, certificate: null });
    };
    socket.on("lookup", (error, found) => {
      if (error === null || error === undefined) address = found;
    });
    socket.on("connect", () => {
      connected = true;
      address = socket.remoteAddress ?? address;
      if (wantsTls === null) resolve({ address, fault: null, certificate: null });
    });
    socket.on("secureConnect", () => {
      if (!(socket instanceof tls.TLSSocket)) return;
      resolve({ address, fault: null, certificate: certificateFacts(socket) });
    });
    socket.on("error", (error) => {
      // A refusal by the other side proves that there is one: then the name was no trouble.
      if (codeOf(error) === "ECONNREFUSED") address ??= host;
      fail(describeError(error));
    });
    socket.on("close", () => fail("the server hung up during the handshake"));
    tooLate.then((said) => {
      // A name that is not answered for looks like one that waits for an answer.
      fail(address === null ? `the name was not resolved: ${said}` : said);
    });
  });
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
