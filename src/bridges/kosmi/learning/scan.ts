import type { Node } from "acorn";
import { Code, documentPart, keysOf } from "./code.ts";
import type { Source } from "./documents.ts";

/** What the app says of an operation that it knows only by a hash: its document is at the server. */
export interface PersistedOperation {
  readonly title: string;
  readonly id: string;
}

/** A value in the app's code, as far as it stands there: objects, lists, texts, numbers; undefined for what is computed. */
type Known = unknown;

const MOST_CANDIDATES = 20_000;
/** A GraphQL keyword as a text begins with it, and the marks of a document's tree. */
const MARKS =
  /(?:query|mutation|subscription|fragment)(?=[\s\\({])|kind\\?["'`]?\s*:\s*\\?["'`](?:Document|OperationDefinition|FragmentDefinition)\\?["'`]/g;

/**
 * Looks through the code of a web app without running any of it: a regular expression finds where something of interest may begin, and a
 * parser reads the one expression there. Code of any size and content costs a bounded amount of work.
 */
export class Scan {
  readonly #code: string;
  readonly #reader: Code;
  readonly #pause: () => Promise<void>;

  private constructor(code: string, reader: Code, pause: () => Promise<void>) {
    this.#code = code;
    this.#reader = reader;
    this.#pause = pause;
  }

  static async of(
    code: string,
    pause: () => Promise<void>,
    budget: { left: number },
  ): Promise<Scan> {
    return new Scan(code, await Code.of(code, budget), pause);
  }

  /** Every text and tree that may be a GraphQL document. */
  async sources(): Promise<readonly Source[]> {
    const found: Source[] = [];
    let coveredTo = 0;
    let candidates = 0;
    for (const match of this.#code.matchAll(MARKS)) {
      if (++candidates % 50 === 0) await this.#pause();
      if (candidates > MOST_CANDIDATES || this.#reader.isSpent) break;
      if (match.index < coveredTo) continue;
      const isTree = match[0].startsWith("kind");
      const hit = isTree ? this.#treeAt(match.index) : this.#textAt(match.index);
      if (hit === null) continue;
      found.push(hit.source);
      coveredTo = hit.end;
    }
    return found;
  }

  /** Operations whose documents the app doesn't hold. */
  persisted(): readonly PersistedOperation[] {
    const found = new Map<string, PersistedOperation>();
    const forms = [
      // Relay's compiler: params:{id:"…",metadata:{},name:"…",operationKind:"…",text:null}
      /\bid["']?:["']([\w-]{16,128})["'],["']?metadata["']?:\{[^{}]{0,200}\},["']?name["']?:["'](\w{1,100})["'],["']?operationKind["']?:["']\w+["'],["']?text["']?:null/g,
      // The client preset of graphql-codegen without documents, and lists of hashes by name.
      /__meta__["']?:\{["']?hash["']?:["']([\w-]{16,128})["']\}(?:(?!__meta__)[^]){0,200}?name["']?:\{[^{}]{0,60}?value["']?:["'](\w{1,100})["']/g,
      /(?:sha256Hash|documentId|queryId)["']?:["']([\w:-]{16,128})["'](?:,["']?(?:operationName|name)["']?:["'](\w{1,100})["'])?/g,
    ];
    for (const form of forms) {
      for (const [, id = "", title = ""] of this.#code.matchAll(form)) {
        if (found.size < 500) found.set(id, { id, title });
      }
    }
    return [...found.values()];
  }

  /**
   * The objects in the code that have exactly keys of `names`, all of `needed` among them: what the app gives an operation
   * as variables. At most `most` of them.
   */
  objectsWith(names: ReadonlySet<string>, needed: readonly string[], most = 5): readonly Known[] {
    // The longest name is the rarest.
    const [first] = needed.toSorted((one, other) => other.length - one.length);
    if (first === undefined || !/^\w+$/.test(first)) return [];
    const found: Known[] = [];
    let tries = 0;
    for (const { index } of this.#code.matchAll(new RegExp(`\\b${first}\\b`, "g"))) {
      if (++tries > 2_000 || found.length >= most || this.#reader.isSpent) break;
      if (
        !/["']?\s*[:,}]/y.test(this.#code.slice(index + first.length, index + first.length + 4))
      ) {
        continue;
      }
      const value = this.#objectAround(index, (node) => {
        const keys = keysOf(node);
        return keys.every((key) => names.has(key)) && needed.every((key) => keys.includes(key));
      });
      if (value !== null) found.push(value);
    }
    return found;
  }

  /** What the app puts into its first frame besides the token: the object with a User-Agent and a version. */
  init(): Readonly<Record<string, Known>> | null {
    for (const { index } of this.#code.matchAll(/[{,\s]["']?ua["']?\s*[:,}]/g)) {
      const value = this.#objectAround(
        index + 1,
        (node) => ["ua", "v"].every((key) => keysOf(node).includes(key)),
      );
      if (typeof value === "object" && value !== null) return { ...value };
    }
    return null;
  }

  /** Routes of the app's pages that name a room: "/room/:id". */
  routes(): readonly string[] {
    const found = this.#code.matchAll(
      /["'`](\/?(?:[\w-]{1,20}\/){0,2}:(?:room|realm|id)\w{0,10}\??)["'`]/g,
    );
    return [...new Set([...found].map(([, route = ""]) => route))].slice(0, 20);
  }

  #textAt(keyword: number): { readonly source: Source; readonly end: number } | null {
    const start = this.#literalStart(keyword);
    if (start < 0) return null;
    // ["query …", "…"].join("\n"), and what compilers make of tagged templates.
    const isListed = this.#code[start - 1] === "[";
    return (isListed ? this.#textFrom(start - 1, keyword) : null) ?? this.#textFrom(start, keyword);
  }

  #textFrom(
    start: number,
    keyword: number,
  ): { readonly source: Source; readonly end: number } | null {
    const node = this.#reader.expression(start);
    if (node === null) return null;
    const part = documentPart(node);
    if (start + part.end <= keyword) return null;
    const text = this.#reader.text(part, start);
    if (text === null) return null;
    return { source: { text }, end: start + part.end };
  }

  /** Where the literal begins whose first word stands there; -1 where it doesn't begin with it. */
  #literalStart(keyword: number): number {
    const code = this.#code;
    let at = keyword - 1;
    for (let steps = 0; steps < 1_000; steps++) {
      const char = code[at];
      if (char === " " || char === "\n" || char === "\t" || char === "\r") at--;
      else if ((char === "n" || char === "t" || char === "r") && code[at - 1] === "\\") at -= 2;
      else break;
    }
    const char = code[at];
    if (char === '"' || char === "'" || char === "`") return code[at - 1] === "\\" ? -1 : at;
    if (char !== "}") return -1;
    // A template that begins with another one's text: `${FIELDS} query …`.
    const lowest = Math.max(0, at - 2_000);
    const open = code.slice(lowest, at).lastIndexOf("`");
    return open < 0 ? -1 : lowest + open;
  }

  #treeAt(mark: number): { readonly source: Source; readonly end: number } | null {
    const isDocument = (node: Node) => {
      const kind = this.#reader.member(node, "kind");
      return typeof kind === "string" &&
        /^(Document|OperationDefinition|FragmentDefinition)$/.test(kind);
    };
    const hit = this.#reader.around(mark, isDocument);
    if (hit === null) return this.#jsonAt(mark);
    const value = this.#reader.value(hit.node, hit.start);
    return { source: treeSource(value), end: hit.start + hit.node.end };
  }

  /** JSON.parse('{"kind":"Document",…'): the tree is in a text. */
  #jsonAt(mark: number): { readonly source: Source; readonly end: number } | null {
    const open = /(["'`])[[{][^"'`]{0,20}\\?["']?$/.exec(
      this.#code.slice(Math.max(0, mark - 30), mark),
    );
    if (open === null) return null;
    const start = mark - open[0].length;
    const node = this.#reader.expression(start);
    const text = node === null ? null : this.#reader.text(documentPart(node), start);
    if (node === null || text === null) return null;
    try {
      return { source: treeSource(JSON.parse(text)), end: start + documentPart(node).end };
    } catch {
      return null;
    }
  }

  #objectAround(index: number, accepts: (node: Node) => boolean): Known {
    const hit = this.#reader.around(index, accepts);
    return hit === null ? null : this.#reader.value(hit.node, hit.start) ?? null;
  }
}

/** A definition by itself is a document of one. */
function treeSource(value: unknown): Source {
  const tree = typeof value === "object" && value !== null ? value : {};
  const isDocument = Reflect.get(tree, "kind") === "Document";
  return { tree: isDocument ? tree : { kind: "Document", definitions: [tree] } };
}
