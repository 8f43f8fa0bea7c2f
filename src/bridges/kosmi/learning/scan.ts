import type { Node, Parser } from "acorn";
import type { Source } from "./documents.ts";

/** What the app says of an operation that it knows only by a hash: its document is at the server. */
export interface PersistedOperation {
  readonly title: string;
  readonly id: string;
}

/** A value in the app's code, as far as it stands there: objects, lists, texts, numbers; undefined for what is computed. */
export type Known = unknown;

const LONGEST_EXPRESSION = 300_000;
const MOST_CANDIDATES = 20_000;
const DEEPEST = 60;
/** What each start of the parser counts besides what it reads. */
const PARSE_COST = 200;
/** A parser that ran out of stack doesn't tell how far it came. */
const OVERFLOW_COST = 30_000;
/** A GraphQL keyword as a text begins with it, and the marks of a document's tree. */
const MARKS =
  /(?:query|mutation|subscription|fragment)(?=[\s\\({])|kind\\?["'`]?\s*:\s*\\?["'`](?:Document|OperationDefinition|FragmentDefinition)\\?["'`]/g;

/**
 * Looks through the code of a web app without running any of it: a regular expression finds where something of interest may begin, and a
 * parser reads the one expression there. Code of any size and content costs a bounded amount of work.
 */
export class Scan {
  readonly #code: string;
  readonly #parse: (code: string) => Node;
  readonly #pause: () => Promise<void>;
  readonly #budget: { left: number };

  private constructor(
    code: string,
    parse: (code: string) => Node,
    pause: () => Promise<void>,
    budget: { left: number },
  ) {
    this.#code = code;
    this.#parse = parse;
    this.#pause = pause;
    this.#budget = budget;
  }

  /** `budget`: how many characters the parser may read, which is counted down. */
  static async of(
    code: string,
    pause: () => Promise<void>,
    budget: { left: number },
  ): Promise<Scan> {
    const { Parser } = await import("acorn");
    const FirstParser = Parser.extend(firstExpressionOnly);
    const parse = (text: string) =>
      FirstParser.parseExpressionAt(text, 0, { ecmaVersion: "latest" });
    return new Scan(code, parse, pause, budget);
  }

  /** Every text and tree that may be a GraphQL document. */
  async sources(): Promise<readonly Source[]> {
    const found: Source[] = [];
    let coveredTo = 0;
    let candidates = 0;
    for (const match of this.#code.matchAll(MARKS)) {
      if (++candidates % 50 === 0) await this.#pause();
      if (candidates > MOST_CANDIDATES || this.#budget.left <= 0) break;
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
      if (++tries > 2_000 || found.length >= most || this.#budget.left <= 0) break;
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
    const node = this.#expression(start);
    if (node === null) return null;
    const part = documentPart(node);
    if (start + part.end <= keyword) return null;
    const text = this.#text(part, start, 0);
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
    const open = code.lastIndexOf("`", at);
    return open >= 0 && at - open < 2_000 ? open : -1;
  }

  #treeAt(mark: number): { readonly source: Source; readonly end: number } | null {
    const isDocument = (node: Node) => {
      const kind = this.#member(node, "kind");
      return typeof kind === "string" &&
        /^(Document|OperationDefinition|FragmentDefinition)$/.test(kind);
    };
    const hit = this.#around(mark, isDocument);
    if (hit === null) return this.#jsonAt(mark);
    const value = this.#value(hit.node, hit.start, 0);
    return { source: treeSource(value), end: hit.start + hit.node.end };
  }

  /** JSON.parse('{"kind":"Document",…'): the tree is in a text. */
  #jsonAt(mark: number): { readonly source: Source; readonly end: number } | null {
    const open = /(["'`])[[{][^"'`]{0,20}\\?["']?$/.exec(
      this.#code.slice(Math.max(0, mark - 30), mark),
    );
    if (open === null) return null;
    const start = mark - open[0].length;
    const node = this.#expression(start);
    const text = node === null ? null : this.#text(documentPart(node), start, 0);
    if (node === null || text === null) return null;
    try {
      return { source: treeSource(JSON.parse(text)), end: start + documentPart(node).end };
    } catch {
      return null;
    }
  }

  #objectAround(index: number, accepts: (node: Node) => boolean): Known {
    const hit = this.#around(index, accepts);
    return hit === null ? null : this.#value(hit.node, hit.start, 0) ?? null;
  }

  /** The object literal, closest first, that holds the place and is accepted. */
  #around(
    index: number,
    accepts: (node: Node) => boolean,
  ): { readonly node: Node; readonly start: number } | null {
    const lowest = Math.max(0, index - 3_000);
    let open = this.#code.lastIndexOf("{", index);
    for (let tries = 0; open >= lowest && tries < 12; tries++) {
      const node = this.#expression(open);
      if (node?.type === "ObjectExpression" && open + node.end > index && accepts(node)) {
        return { node, start: open };
      }
      open = open === 0 ? -1 : this.#code.lastIndexOf("{", open - 1);
    }
    return null;
  }

  /** The expression that begins there; null where none does. Positions count from `start`. */
  #expression(start: number): Node | null {
    for (const length of [8_000, 60_000, LONGEST_EXPRESSION]) {
      if (this.#budget.left <= 0) return null;
      const code = this.#code.slice(start, start + length);
      try {
        const node = this.#parse(code);
        this.#budget.left -= node.end + PARSE_COST;
        return node;
      } catch (thrown) {
        const stoppedAt = positionOf(thrown);
        this.#budget.left -= stoppedAt + PARSE_COST;
        // Only what ends with the slice may go on behind it.
        if (stoppedAt < code.length - 200 || code.length < length) {
          return this.#cut(code, Math.min(stoppedAt + 1, code.length));
        }
      }
    }
    return null;
  }

  /** What follows the literal could not be read: the literal alone. */
  #cut(code: string, most: number): Node | null {
    const quote = code[0];
    if (quote === undefined || !"\"'`".includes(quote)) return null;
    const end = endOfLiteral(code, most);
    if (end < 0) return null;
    try {
      return this.#parse(code.slice(0, end));
    } catch {
      return null;
    }
  }

  /** The text that an expression makes, as far as it stands in the code; null where it makes none. */
  #text(node: Node, base: number, depth: number): string | null {
    if (depth > DEEPEST) return null;
    const inner = (each: Node | null) => each === null ? null : this.#text(each, base, depth + 1);
    switch (node.type) {
      case "Literal":
        return typeof field(node, "value") === "string" ? String(field(node, "value")) : null;
      case "TemplateLiteral": {
        const quasis = list(node, "quasis").map((each) => cooked(each));
        const values = list(node, "expressions").map((each) => inner(each) ?? "\n");
        return quasis.map((text, at) => `${text}${values[at] ?? ""}`).join("");
      }
      case "BinaryExpression": {
        if (field(node, "operator") !== "+") return null;
        const [left, right] = [inner(child(node, "left")), inner(child(node, "right"))];
        return left === null && right === null ? null : `${left ?? "\n"}${right ?? "\n"}`;
      }
      case "CallExpression":
        return this.#callText(node, base, depth);
      case "ArrayExpression":
        return list(node, "elements").map((each) => inner(each) ?? "\n").join("");
      case "TaggedTemplateExpression":
        return inner(child(node, "quasi"));
      case "Identifier":
        return this.#definedText(String(field(node, "name")), base + node.start, depth);
      default:
        return null;
    }
  }

  /** "…".concat(…) and ["…"].join("…"); of any other call what it is made on. */
  #callText(node: Node, base: number, depth: number): string | null {
    const callee = child(node, "callee");
    const object = callee === null ? null : child(callee, "object");
    const method = callee === null ? null : child(callee, "property");
    if (object === null) return null;
    const name = method === null ? "" : field(method, "name");
    const args = list(node, "arguments").map((each) => this.#text(each, base, depth + 1) ?? "\n");
    if (name === "join" && object.type === "ArrayExpression") {
      return list(object, "elements").map((each) => this.#text(each, base, depth + 1) ?? "\n")
        .join(args[0] ?? ",");
    }
    const text = this.#text(object, base, depth + 1);
    return text === null || name !== "concat" ? text : text + args.join("");
  }

  /** The text that a variable of this name was given, closest before its use. */
  #definedText(name: string, before: number, depth: number): string | null {
    const defined = this.#definition(name, before);
    if (defined < 0) return null;
    const node = this.#expression(defined);
    return node === null ? null : this.#text(documentPart(node), defined, depth + 10);
  }

  /** Where the value of `name = "…"` begins; -1 where there is none. */
  #definition(name: string, before: number): number {
    const pattern = new RegExp(
      `(?<![\\w$.])${name.replaceAll("$", "\\$")}\\s*=\\s*(?=["'\`])`,
      "g",
    );
    // Close before it first, then further away, then behind it.
    const windows = [[before - 20_000, before], [before - 400_000, before], [
      before,
      before + 50_000,
    ]];
    for (const [from = 0, to = 0] of windows) {
      const start = Math.max(0, from);
      const last = [...this.#code.slice(start, to).matchAll(pattern)].at(-1);
      this.#budget.left -= (to - start) / 20;
      if (last !== undefined) return start + last.index + last[0].length;
      if (this.#budget.left <= 0) return -1;
    }
    return -1;
  }

  /** An expression's value as far as it stands in the code. */
  #value(node: Node, base: number, depth: number): Known {
    if (depth > 400) return undefined;
    switch (node.type) {
      case "ObjectExpression": {
        const value: Record<string, Known> = {};
        for (const property of list(node, "properties")) {
          const key = keyOf(property);
          const inner = child(property, "value");
          if (key !== null && key !== "__proto__" && inner !== null) {
            value[key] = this.#value(inner, base, depth + 1);
          }
        }
        return value;
      }
      case "ArrayExpression":
        return list(node, "elements").filter(({ type }) => type !== "SpreadElement")
          .map((each) => this.#value(each, base, depth + 1));
      case "Literal":
        return field(node, "value");
      case "UnaryExpression":
        return unary(String(field(node, "operator")), child(node, "argument"));
      case "MemberExpression":
        return this.#enumText(node);
      case "CallExpression":
        // String(4365)
        return list(node, "arguments").length === 1 && child(node, "callee")?.type === "Identifier"
          ? this.#value(list(node, "arguments")[0] as Node, base, depth + 1)
          : this.#text(node, base, depth + 1) ?? undefined;
      default:
        return this.#text(node, base, depth + 1) ?? this.#definedNumber(node, base);
    }
  }

  /** Kind.Text, where the code says Text:"TEXT" or .Text="TEXT". */
  #enumText(node: Node): Known {
    const property = child(node, "property");
    const name = property === null ? "" : String(field(property, "name"));
    if (!/^\w{1,60}$/.test(name)) return undefined;
    const pattern = new RegExp(`[{,.]["']?${name}["']?\\s*[:=]\\s*["'](\\w{1,60})["']`);
    this.#budget.left -= this.#code.length / 20;
    return this.#budget.left <= 0 ? undefined : pattern.exec(this.#code)?.[1];
  }

  #definedNumber(node: Node, base: number): Known {
    if (node.type !== "Identifier") return undefined;
    const name = String(field(node, "name")).replaceAll("$", "\\$");
    const from = Math.max(0, base + node.start - 200_000);
    const before = this.#code.slice(from, base + node.start);
    this.#budget.left -= before.length / 20;
    const found = [
      ...before.matchAll(new RegExp(`(?<![\\w$.])${name}\\s*=\\s*(\\d{1,12})\\b`, "g")),
    ];
    return found.length === 0 ? undefined : Number(found.at(-1)?.[1]);
  }

  #member(node: Node, key: string): Known {
    const property = list(node, "properties").find((each) => keyOf(each) === key);
    const value = property === undefined ? null : child(property, "value");
    return value === null ? undefined : this.#value(value, 0, 399);
  }
}

/** An acorn plugin: of a list "a, b, c" only what stands before the first comma. A minified file is one such list. */
function firstExpressionOnly(Base: typeof Parser): typeof Parser {
  return class extends Base {
    #hasBegun = false;

    parseExpression(...given: unknown[]): unknown {
      const name = this.#hasBegun ? "parseExpression" : "parseMaybeAssign";
      this.#hasBegun = true;
      const parse: unknown = Reflect.get(Base.prototype, name);
      return typeof parse === "function" ? parse.apply(this, given) : null;
    }
  };
}

/** Where the compiler put a call or a condition around a text, the text. */
function documentPart(node: Node): Node {
  let here = node;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const inner = here.type === "ConditionalExpression"
      ? child(here, "test")
      : here.type === "AssignmentExpression" || here.type === "LogicalExpression" ||
          here.type === "BinaryExpression" && field(here, "operator") !== "+"
      ? child(here, "left")
      : null;
    if (inner === null) return here;
    here = inner;
  }
  return here;
}

/** A definition by itself is a document of one. */
function treeSource(value: unknown): Source {
  const tree = typeof value === "object" && value !== null ? value : {};
  const isDocument = Reflect.get(tree, "kind") === "Document";
  return { tree: isDocument ? tree : { kind: "Document", definitions: [tree] } };
}

function unary(operator: string, argument: Node | null): Known {
  const value = argument === null ? undefined : field(argument, "value");
  if (operator === "!" && typeof value === "number") return value === 0;
  return operator === "-" && typeof value === "number" ? -value : undefined;
}

function keysOf(node: Node): string[] {
  return list(node, "properties").flatMap((property) => keyOf(property) ?? []);
}

function keyOf(property: Node): string | null {
  const key = child(property, "key");
  if (property.type !== "Property" || key === null || field(property, "computed") === true) {
    return null;
  }
  return String(key.type === "Identifier" ? field(key, "name") : field(key, "value"));
}

function cooked(quasi: Node): string {
  const value = field(quasi, "value");
  const text = typeof value === "object" && value !== null ? Reflect.get(value, "cooked") : null;
  return typeof text === "string" ? text : "";
}

function field(node: Node, key: string): unknown {
  return Reflect.get(node, key);
}

function child(node: Node, key: string): Node | null {
  const value = field(node, key);
  return isNode(value) ? value : null;
}

function list(node: Node, key: string): readonly Node[] {
  const value = field(node, key);
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null &&
    typeof Reflect.get(value, "type") === "string";
}

function positionOf(thrown: unknown): number {
  const at = typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, "pos") : undefined;
  return typeof at === "number" ? at : OVERFLOW_COST;
}

/** Behind the closing quote of the literal that the code begins with; -1 where it is not closed. */
function endOfLiteral(code: string, most: number): number {
  const quote = code[0];
  for (let at = 1; at < most; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === quote) return at + 1;
  }
  return -1;
}
