/** What a ZNC is to be. */
export interface ZncOptions {
  /** Its own nick on the network; default "relay". */
  readonly nick?: string;
  /** Channels of its owner, which it enters by itself; default #test. */
  readonly channels?: readonly string[];
  /** Lines that it sends at once, and seconds for each further one; default as ZNC has it: 9 and 2. */
  readonly flood?: { readonly burst: number; readonly rate: number };
}

/** The configuration of a ZNC with one user, `owner`, and one network, `test`. */
export async function zncConf(
  options: ZncOptions,
  ports: { readonly own: number; readonly server: number },
  password: string,
): Promise<string> {
  const { nick = "relay", channels = ["#test"], flood } = options;
  return `Version = 1.8.2
ConnectDelay = 1
ServerThrottle = 1
<Listener plain>
	Port = ${ports.own}
	IPv4 = true
	IPv6 = false
	SSL = false
	AllowWeb = false
</Listener>
<User owner>
	Admin = true
	Nick = ${nick}
	AltNick = ${nick}_
	Ident = owner
	RealName = Owner
	<Network test>
		FloodBurst = ${flood?.burst ?? 9}
		FloodRate = ${(flood?.rate ?? 2).toFixed(2)}
		JoinDelay = 0
		Server = 127.0.0.1 ${ports.server}
${channels.map((name) => `		<Chan ${name}>\n		</Chan>`).join("\n")}
	</Network>
	<Pass password>
		Method = sha256
		Hash = ${await sha256(`${password}salt`)}
		Salt = salt
	</Pass>
</User>
`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
