import { shown } from "../values/show.ts";
import { formatFault } from "./fault.ts";

/** Far more than a configuration needs, and little enough to be read at once. */
const LARGEST_BYTES = 8 * 1_024 * 1_024;

/** Reads the configuration's text. The fault is one sentence, with the path, that says what to do. */
export async function readConfigFile(
  path: string,
): Promise<{ readonly text: string } | { readonly fault: string }> {
  const fault = (message: string) => ({
    fault: formatFault({ file: shown(path), line: null, key: "", message }),
  });
  try {
    const bytes = await readBounded(path);
    return bytes === null ? fault("is too large to be a configuration") : decode(bytes, fault);
  } catch (thrown) {
    return fault(whyUnreadable(thrown, path));
  }
}

async function readBounded(path: string): Promise<Uint8Array | null> {
  using file = await Deno.open(path);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = new Uint8Array(65_536);
    const count = await file.read(chunk);
    if (count === null) break;
    length += count;
    if (length > LARGEST_BYTES) return null;
    chunks.push(chunk.subarray(0, count));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function decode<F>(bytes: Uint8Array, fault: (message: string) => F): { text: string } | F {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return fault("is saved as UTF-16: save it as UTF-8");
  }
  try {
    // A byte order mark at the start is taken away.
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return fault(`is not UTF-8${lineOfBadByte(bytes)}: save it as UTF-8`);
  }
}

function lineOfBadByte(bytes: Uint8Array): string {
  const lines = splitLines(bytes);
  const bad = lines.findIndex((line) => !isUtf8(line));
  return bad === -1 ? "" : ` (line ${bad + 1})`;
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function whyUnreadable(thrown: unknown, path: string): string {
  if (thrown instanceof Deno.errors.NotFound) {
    return "there is no such file";
  }
  if (thrown instanceof Deno.errors.IsADirectory) {
    return "this is a folder, and must be a file";
  }
  if (thrown instanceof Deno.errors.PermissionDenied) {
    return "the file can't be read: its permissions do not let this user";
  }
  if (thrown instanceof Deno.errors.NotCapable) return notCapable(path);
  return "the file can't be read";
}

function notCapable(path: string): string {
  return "this program was built so that it may not read this file, only the one that was named when it was compiled " +
    `(matterbridge.toml in the folder where it is started): move the file there, or rebuild with deno task compile ` +
    `--config=${shown(path)}`;
}
