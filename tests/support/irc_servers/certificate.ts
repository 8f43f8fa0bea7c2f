/** A server certificate and the authority that signed it, as PEM files. */
export interface TestCertificate {
  /** For clients: DENO_CERT, NODE_EXTRA_CA_CERTS or `caCerts`. */
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** SHA-256 of the certificate (DER), 64 hexadecimal digits, lower case: what a pin compares. */
  readonly fingerprint: string;
}

export interface CertificateOptions {
  /** subjectAltName; default localhost and 127.0.0.1. */
  readonly altNames?: string;
  /** Ended yesterday. */
  readonly expired?: boolean;
  /** Hash of its signature, as openssl names it. Default: sha256. */
  readonly digest?: string;
}

const DAY_MS = 86_400_000;

/** Makes an authority and a server certificate signed by it, in `dir`. Needs openssl. */
export async function makeCertificate(
  dir: string,
  options: CertificateOptions = {},
): Promise<TestCertificate> {
  const file = (name: string) => `${dir}/${name}`;
  const { altNames = "DNS:localhost,IP:127.0.0.1", digest = "sha256" } = options;
  await writeAuthorityConfig(dir, altNames, digest);
  await makeKey(file("ca.key"));
  await openssl(
    ["req", "-x509", "-new", "-key", file("ca.key"), "-days", "3650"],
    ["-subj", "/CN=Relay test authority", "-out", file("ca.pem")],
  );
  await makeKey(file("key.pem"));
  await openssl(
    ["req", "-new", "-key", file("key.pem")],
    ["-subj", "/CN=localhost", "-out", file("server.csr")],
  );
  const endMs = Date.now() + (options.expired === true ? -DAY_MS : 3650 * DAY_MS);
  await openssl(
    ["ca", "-batch", "-notext", "-config", file("ca.cnf"), "-in", file("server.csr")],
    ["-startdate", asn1Time(Date.now() - 30 * DAY_MS), "-enddate", asn1Time(endMs)],
    ["-out", file("cert.pem")],
  );
  const certPath = file("cert.pem");
  const fingerprint = await fingerprintOf(certPath);
  return { caPath: file("ca.pem"), certPath, keyPath: file("key.pem"), fingerprint };
}

async function writeAuthorityConfig(
  dir: string,
  altNames: string,
  digest: string,
): Promise<void> {
  await Deno.writeTextFile(`${dir}/ca.index`, "");
  await Deno.writeTextFile(
    `${dir}/ca.cnf`,
    `[ca]
default_ca = test
[test]
database = ${dir}/ca.index
new_certs_dir = ${dir}
rand_serial = yes
certificate = ${dir}/ca.pem
private_key = ${dir}/ca.key
default_md = ${digest}
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = ${altNames}
`,
  );
}

/** PKCS #8, which every TLS library reads. */
function makeKey(path: string): Promise<void> {
  return openssl(
    ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ["-out", path],
  );
}

async function openssl(...args: string[][]): Promise<void> {
  const command = new Deno.Command("openssl", { args: args.flat(), stdin: "null" });
  const { success, stderr } = await command.output();
  if (!success) {
    throw new Error(`Cannot make a certificate: ${new TextDecoder().decode(stderr)}`);
  }
}

function asn1Time(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z").replace(/[-:T]/g, "");
}

async function fingerprintOf(certPath: string): Promise<string> {
  const pem = await Deno.readTextFile(certPath);
  const base64 = pem.replace(/-----[A-Z ]+-----/g, "").replace(/\s+/g, "");
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
