/** What differs between the ngircd servers of our tests. */
export interface NgircdOptions {
  /** Server password (PASS); default none. */
  readonly password?: string;
  /** Longest nick; default 16. */
  readonly nickLength?: number;
  /** Seconds of silence after which it sends a PING; default 120. */
  readonly pingTimeoutS?: number;
  /**
   * ngircd makes quick clients wait (about 3 lines a second at length). False switches that off, for tests that need
   * many lines and do not look at the pace.
   */
  readonly penalty?: boolean;
  /** Lines to add to the configuration, with their `[Section]`. */
  readonly extra?: string;
}

export interface NgircdPlaces {
  readonly dir: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly certPath: string;
  readonly keyPath: string;
}

/** Text of an ngircd.conf. */
export function ngircdConf(options: NgircdOptions, places: NgircdPlaces): string {
  const password = options.password === undefined ? "" : `Password = ${options.password}\n`;
  const penalty = options.penalty === false ? "MaxPenaltyTime = 0\n" : "";
  return `[Global]
Name = ngircd.example.test
Info = ngircd of a test
AdminEMail = admin@example.test
Listen = 127.0.0.1
Ports = ${places.plainPort}
MotdPhrase = Welcome
PidFile = ${places.dir}/ngircd.pid
${password}
[Limits]
ConnectRetry = 60
IdleTimeout = 0
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 1000
MaxNickLength = ${options.nickLength ?? 16}
PingTimeout = ${options.pingTimeoutS ?? 120}
PongTimeout = 20
${penalty}
[Options]
DNS = no
Ident = no
PAM = no
NoticeBeforeRegistration = no
MorePrivacy = no

[SSL]
CertFile = ${places.certPath}
KeyFile = ${places.keyPath}
Ports = ${places.tlsPort}

[Operator]
Name = oper
Password = operpass

${options.extra ?? ""}
`;
}
