import type { IrcSasl, SaslMechanism } from "./options.ts";

/** A SASL conversation from the client's side: answers the server's challenges. */
export interface SaslConversation {
  readonly mechanism: SaslMechanism;
  /** The answer to a challenge, both decoded. Rejects when the server does not prove what it must. */
  answer(challenge: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** Mechanisms to try, best first: those that the server lists (all, when it lists none) and we have the means for. */
export function mechanismsFor(
  sasl: IrcSasl,
  offered: string,
  hasCertificate: boolean,
): SaslMechanism[] {
  const known: SaslMechanism[] = sasl.mechanism !== null
    ? [sasl.mechanism]
    : sasl.password === "" && hasCertificate
    ? ["EXTERNAL"]
    : ["SCRAM-SHA-256", "PLAIN"];
  const listed = offered.toUpperCase().split(",").filter((name) => name !== "");
  return listed.length === 0
    // A server that lists nothing (CAP 3.1) is asked for what every server knows.
    ? known.filter((name) => sasl.mechanism !== null || name !== "SCRAM-SHA-256")
    : known.filter((name) => listed.includes(name));
}

/** The longest payload of one AUTHENTICATE line. */
const CHUNK = 400;

/** An answer as the parameters of AUTHENTICATE lines; one that fills its last line is closed by a `+`. */
export function authenticateChunks(answer: Uint8Array): string[] {
  const encoded = btoa(String.fromCharCode(...answer));
  const chunks = encoded.match(new RegExp(`.{1,${CHUNK}}`, "g")) ?? [];
  return encoded.length % CHUNK === 0 ? [...chunks, "+"] : chunks;
}

/** Gathers the server's challenge from its lines; null while more is to come. */
export class ChallengeReader {
  #gathered = "";

  add(parameter: string): Uint8Array | null {
    if (parameter !== "+") this.#gathered += parameter;
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
