import { type Node, parse } from "acorn";
import { startIrcServer } from "./irc/irc_sandbox.ts";
import { startKosmi } from "./kosmi/mod.ts";
import { say } from "./demo/print.ts";
import { demoConfig } from "./demo/relay_child.ts";
import { CHANNEL, ROOM } from "./demo/script.ts";
import { startRelay } from "../support/relay_process.ts";

/**
 * `deno task walk`: plays one message each way and prints the files and functions of src that it entered, confirmation
 * included, in order of first entry. The relay is bundled, and each function of the bundle notes its own entry between
 * two signals, so the order is the program's own. What the relay also does while nobody speaks is left out. Ends with 1
 * when a message enters more than MOST_FILES files.
 */
const SETTLED_MS = 1_500;
/** Until the relay has noticed a signal. */
const SIGNAL_MS = 200;
/** Longer than any of the relay's periodic work that a message's way could be taken for. */
const IDLE_MS = 4_000;
const MOST_FILES = 55;
const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;

/** One function that was entered: `src/relay/relay.ts`, `Relay.run`. */
interface Step {
  readonly file: string;
  readonly name: string;
}

interface Bundle {
  readonly code: string;
  readonly steps: readonly Step[];
}

/** Notes entries between SIGUSR1 and SIGUSR2, and writes them to the file named when it starts. */
const PRELUDE = (file: string): string =>
  `import{createRequire as makeRequire$}from"node:module";const require=makeRequire$(import.meta.url);
let walked$=null;
const walk$=(n)=>{if(walked$!==null)walked$.add(n)};
Deno.addSignalListener("SIGUSR1",()=>{walked$=new Set()});
Deno.addSignalListener("SIGUSR2",()=>{const all=[...walked$];walked$=null;
Deno.writeTextFileSync(${JSON.stringify(`${file}.part`)},JSON.stringify(all));
Deno.renameSync(${JSON.stringify(`${file}.part`)},${JSON.stringify(file)})});
`;

async function bundle(folder: string): Promise<Bundle> {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const path = `${folder}/relay.js`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", `--output=${path}`, main],
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
  return instrument(await Deno.readTextFile(path));
}

/** Puts a note of its entry at the head of each function that comes from a file of src. */
export function instrument(code: string): Bundle {
  const files = [...code.matchAll(/^\/\/ (\S+)$/gm)].map((match) => ({
    at: match.index,
    file: match[1] ?? "",
  }));
  const fileAt = (at: number): string => files.findLast((file) => file.at < at)?.file ?? "";
  const steps: Step[] = [];
  const edits: { at: number; text: string }[] = [];
  const note = (body: Node, name: string): void => {
    const file = fileAt(body.start);
    if (!file.startsWith("src/")) return;
    const call = `walk$(${steps.push({ file, name }) - 1})`;
    if (body.type === "BlockStatement") edits.push({ at: body.start + 1, text: `${call};` });
    else {
      // Parentheses around an expression are no part of it: the note goes before the arrow's own body.
      edits.push({ at: body.start, text: `(${call},` }, { at: body.end, text: ")" });
    }
  };
  visit(parse(code, { ecmaVersion: "latest", sourceType: "module" }), "", note);
  edits.sort((a, b) => b.at - a.at);
  let out = code;
  for (const { at, text } of edits) out = out.slice(0, at) + text + out.slice(at);
  return { code: out, steps };
}

type Fields = Record<string, unknown>;

function visit(node: Node, owner: string, note: (body: Node, name: string) => void): void {
  const fields = node as unknown as Fields;
  const name = nameOf(fields);
  const inside = name === null ? owner : owner === "" ? name : `${owner}.${name}`;
  if (FUNCTION.test(node.type)) note(fields["body"] as Node, inside === "" ? "(callback)" : inside);
  for (const value of Object.values(fields)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, inside, note);
    }
  }
}

function nameOf(fields: Fields): string | null {
  const named =
    /^(ClassDeclaration|FunctionDeclaration|ClassExpression)$/.test(String(fields["type"]))
      ? fields["id"]
      : /^(MethodDefinition|PropertyDefinition|Property)$/.test(String(fields["type"]))
      ? fields["key"]
      : fields["type"] === "VariableDeclarator" && isFunction(fields["init"])
      ? fields["id"]
      : null;
  return isNode(named) ? String((named as unknown as Fields)["name"] ?? "") || null : null;
}

function isFunction(value: unknown): boolean {
  return isNode(value) && (FUNCTION.test(value.type) || value.type === "ClassExpression");
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}

async function walk(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "kosmi-relay-walk-" });
  await using kosmi = await startKosmi({ rooms: [{ id: ROOM, name: "Movie Night" }] });
  await using irc = await startIrcServer({});
  const { code, steps } = await bundle(folder);
  // By the ending startRelay() tells a program for deno from an executable.
  const entry = `${folder}/relay.ts`;
  const file = `${folder}/walked.json`;
  await Deno.writeTextFile(entry, PRELUDE(file) + code);
  await using relay = await startRelay({ config: demoConfig(kosmi, irc.port), entry });
  await kosmi.waitUntil(() => kosmi.members(ROOM).length > 0, 30_000, "the relay in the room");
  await irc.waitFor(() => irc.members(CHANNEL).length > 0, "the relay in the channel", 30_000);
  irc.addUser("alice", { channels: [CHANNEL] });
  const ways = [
    {
      title: "IRC -> Kosmi",
      speak: () => void irc.say("alice", CHANNEL, "here! what are we watching?"),
    },
    {
      title: "Kosmi -> IRC",
      speak: () => void kosmi.say(ROOM, { name: "Zoë" }, "Metropolis, the restored one"),
    },
  ];
  const record = async (during: () => Promise<void>): Promise<number[]> => {
    Deno.kill(relay.pid, "SIGUSR1");
    await pause(SIGNAL_MS);
    await during();
    Deno.kill(relay.pid, "SIGUSR2");
    return await walked(file);
  };
  await pause(SETTLED_MS);
  const idle = new Set(await record(() => pause(IDLE_MS)));
  let within = true;
  for (const { title, speak } of ways) {
    const numbers = await record(() => {
      speak();
      return pause(SETTLED_MS);
    });
    const way = numbers.filter((number) => !idle.has(number)).flatMap((number) =>
      steps[number] ?? []
    );
    within = print(title, way) && within;
  }
  await Deno.remove(folder, { recursive: true });
  return within;
}

/** A tool for people, not a test: it waits a fixed time, so that what follows the confirmation is seen as well. */
async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function walked(file: string): Promise<number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = await Deno.readTextFile(file).catch(() => null);
    if (text !== null) {
      await Deno.remove(file);
      return JSON.parse(text);
    }
    await pause(50);
  }
  throw new Error("Cannot walk: the relay wrote nothing down");
}

function print(title: string, steps: readonly Step[]): boolean {
  const byFile = Map.groupBy(steps, ({ file }) => file);
  say(`${title}: ${byFile.size} files, ${steps.length} functions`);
  let number = 0;
  for (const [file, entered] of byFile) {
    say(
      `${String(++number).padStart(4)}  ${file.padEnd(44)} ${
        entered.map(({ name }) => name).join(", ")
      }`,
    );
  }
  say("");
  return byFile.size <= MOST_FILES;
}

if (import.meta.main) Deno.exit(await walk() ? 0 : 1);
