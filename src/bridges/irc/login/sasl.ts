import type { IrcSasl, SaslMechanism, ScramMechanism } from "../link/options.ts";

/** A SASL conversation from the client's side: answers the server's challenges. */
export interface SaslConversation {
  readonly mechanism: SaslMechanism;
  /** The answer to a challenge, both decoded. Rejects when the server does not prove what it must. */
  answer(challenge: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** What we can log in with on this connection. */
export interface SaslMeans {
  readonly sasl: IrcSasl;
  /** A certificate of ours was shown. */
  readonly hasCertificate: boolean;
  /** What names this TLS connection (RFC 5929); null without TLS. */
  readonly endPoint: Uint8Array | null;
}

/** Mechanisms to try, best first: those that the server lists (all, when it lists none) and we have the means for. */
export function mechanismsFor(means: SaslMeans, offered: string): SaslMechanism[] {
  const { sasl } = means;
  const known = sasl.mechanism === null ? ourMechanisms(means) : bound(means, [sasl.mechanism]);
  const listed = offered.toUpperCase().split(",").filter((name) => name !== "");
  return listed.length === 0
    // A server that lists nothing (CAP 3.1) is asked for what every server knows.
    ? known.filter((name) =>
      !name.endsWith("-PLUS") && (sasl.mechanism !== null || !name.startsWith("SCRAM"))
    )
    : known.filter((name) => listed.includes(name));
}

function ourMechanisms(means: SaslMeans): SaslMechanism[] {
  const { sasl, hasCertificate } = means;
  if (sasl.password === "") {
    if ((sasl.keyPem ?? null) !== null) return ["ECDSA-NIST256P-CHALLENGE"];
    if (hasCertificate) return ["EXTERNAL"];
  }
  return bound(means, ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]);
}

/** Each bound to the connection first, where that is possible: whoever sits between us and the server can't pass it on. */
function bound({ endPoint }: SaslMeans, mechanisms: readonly SaslMechanism[]): SaslMechanism[] {
  const plus = mechanisms.flatMap((name): SaslMechanism[] =>
    endPoint !== null && (name === "SCRAM-SHA-512" || name === "SCRAM-SHA-256")
      ? [`${name}-PLUS`]
      : []
  );
  return [...plus, ...mechanisms];
}

/** The longest payload of one AUTHENTICATE line. */
const CHUNK = 400;

/** An answer as the parameters of AUTHENTICATE lines; one that fills its last line is closed by a `+`. */
export function authenticateChunks(answer: Uint8Array): string[] {
  const encoded = btoa(String.fromCharCode(...answer));
  const chunks = encoded.match(new RegExp(`.{1,${CHUNK}}`, "g")) ?? [];
  return encoded.length % CHUNK === 0 ? [...chunks, "+"] : chunks;
}

const LONGEST_CHALLENGE = 8_000;

/** Gathers the server's challenge from its lines; null while more is to come. */
export class ChallengeReader {
  #gathered = "";

  /** Throws where it is none, or longer than any. */
  add(parameter: string): Uint8Array | null {
    if (parameter !== "+") this.#gathered += parameter;
    if (this.#gathered.length > LONGEST_CHALLENGE) throw new Error("The challenge is too long");
    if (parameter.length === CHUNK) return null;
    const whole = this.#gathered;
    this.#gathered = "";
    return Uint8Array.from(atob(whole), (char) => char.charCodeAt(0));
  }
}

const encoder = new TextEncoder();

export function plain(sasl: IrcSasl): SaslConversation {
  return {
    mechanism: "PLAIN",
    answer: () => encoder.encode(`${sasl.login}\0${sasl.login}\0${sasl.password}`),
  };
}

/** The client certificate speaks; the login may be given for certificates of several accounts. */
export function external(sasl: IrcSasl): SaslConversation {
  return { mechanism: "EXTERNAL", answer: () => encoder.encode(sasl.login) };
}

const decoder = new TextDecoder();
/** A server could ask for so many rounds that we would do nothing else. */
const MAX_ITERATIONS = 1_000_000;

type ScramHash = "SHA-256" | "SHA-512";

/**
 * SCRAM (RFC 5802, 7677): the password never leaves, and the server must prove that it knows it too. With -PLUS the proof
 * is bound to the server's certificate (tls-server-end-point, RFC 5929).
 */
export function scram(
  mechanism: ScramMechanism,
  { sasl, endPoint }: Pick<SaslMeans, "sasl" | "endPoint">,
  nonce: string = randomNonce(),
): SaslConversation {
  const hash: ScramHash = mechanism.startsWith("SCRAM-SHA-512") ? "SHA-512" : "SHA-256";
  const isBound = mechanism.endsWith("-PLUS");
  const header = isBound ? "p=tls-server-end-point,," : "n,,";
  const binding = isBound && endPoint !== null ? endPoint : [];
  const channel = Uint8Array.of(...encoder.encode(header), ...binding);
  const hmac = (key: Uint8Array<ArrayBuffer>, text: string) => hmacOf(hash, key, text);
  const firstBare = `n=${escapeName(sasl.login)},r=${nonce}`;
  let step = 0;
  let serverSignature = "";

  async function prove(challenge: string): Promise<string> {
    const fields = fieldsOf(challenge);
    const [combined = "", salt = "", iterations = 0] = [
      fields.get("r"),
      fields.get("s"),
      Number(fields.get("i")),
    ];
    if (
      !combined.startsWith(nonce) || salt === "" ||
      !(iterations >= 1 && iterations <= MAX_ITERATIONS)
    ) {
      throw new Error("Cannot log in by SCRAM: the server's challenge is malformed");
    }
    const salted = await saltedPassword(hash, sasl.password, fromBase64(salt), iterations);
    const finalBare = `c=${toBase64(channel)},r=${combined}`;
    const signed = `${firstBare},${challenge},${finalBare}`;
    const clientKey = await hmac(salted, "Client Key");
    const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
    const proof = xor(clientKey, await hmac(storedKey, signed));
    serverSignature = toBase64(await hmac(await hmac(salted, "Server Key"), signed));
    return `${finalBare},p=${toBase64(proof)}`;
  }

  return {
    mechanism,
    async answer(bytes) {
      step++;
      const challenge = decoder.decode(bytes);
      if (step === 1) return encoder.encode(`${header}${firstBare}`);
      if (step === 2) return encoder.encode(await prove(challenge));
      if (fieldsOf(challenge).get("v") !== serverSignature) {
        throw new Error("Cannot log in by SCRAM: the server does not know the password itself");
      }
      return new Uint8Array(0);
    },
  };
}

function fieldsOf(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(",").map((field) => [field.slice(0, 1), field.slice(2)]));
}

function escapeName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function randomNonce(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(18)));
}

async function saltedPassword(
  hash: ScramHash,
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const normal = encoder.encode(password.normalize("NFKC"));
  const key = await crypto.subtle.importKey("raw", normal, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash, salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, Number(hash.slice(4))));
}

async function hmacOf(
  hash: ScramHash,
  keyBytes: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash };
  const key = await crypto.subtle.importKey("raw", keyBytes, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

function xor(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.map((byte, index) => byte ^ (second[index] ?? 0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
