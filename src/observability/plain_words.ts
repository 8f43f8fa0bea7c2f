/** What a fault of the network means, and what to look at. The first that fits counts. */
const MEANINGS: readonly (readonly [sign: RegExp, meaning: string])[] = [
  [
    /ECONNREFUSED|os error 111|Connection refused/,
    "Nobody listens there: is the server up, and the port right?",
  ],
  [
    /ENOTFOUND|getaddrinfo .*(?:EAI_NONAME)|Name or service not known/,
    "There is no such name: look at its spelling and at DNS.",
  ],
  [
    /EAI_AGAIN|Temporary failure in name resolution/,
    "Names can't be looked up: is this machine on the network?",
  ],
  [
    /ENETUNREACH|EHOSTUNREACH|ENETDOWN|No route to host|Network is unreachable/,
    "There is no way there: is this machine on the network?",
  ],
  [
    /ETIMEDOUT|timed? ?out/i,
    "No answer in time: the server or the way to it is too slow or blocked.",
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired|CertExpired/i,
    "The server's certificate has expired: its operator must renew it.",
  ],
  [
    /ALTNAME|NotValidForName|does not match certificate/i,
    "The server's certificate is for another name: look at the address.",
  ],
  [
    /self[- ]signed|UNABLE_TO_VERIFY|UnknownIssuer|unable to get local issuer/i,
    "Nobody this machine trusts vouches for the server's certificate.",
  ],
  [
    /wrong version number|InvalidContentType|EPROTO/i,
    "The server does not speak TLS at this port, or the other way round.",
  ],
  [/ECONNRESET|EPIPE|Connection reset|socket hang up/, "The other side cut the connection."],
];

/** What a reason that a network gave means to people; null where it speaks for itself. */
export function plainWords(reason: string): string | null {
  return MEANINGS.find(([sign]) => sign.test(reason))?.[1] ?? null;
}
