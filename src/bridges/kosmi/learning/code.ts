import type { Node, Parser } from "acorn";

/** A value in the app's code, as far as it stands there: objects, lists, texts, numbers; undefined for what is computed. */
type Known = unknown;

const LONGEST_EXPRESSION = 300_000;
const DEEPEST = 60;
/** What each start of the parser counts besides what it reads. */
const PARSE_COST = 200;
/** A parser that ran out of stack doesn't tell how far it came. */
const OVERFLOW_COST = 300_000;

/**
 * Reads single expressions of a web app's code, without running any of it: a parser looks at the expression that begins at a place, and what it makes
 * is worked out as far as it is written down. Code of any size and content costs a bounded amount of work.
 */
export class Code {
  readonly #code: string;
  readonly #parse: (code: string) => Node;
  readonly #budget: { left: number };

  private constructor(
    code: string,
    parse: (code: string) => Node,
    budget: { left: number },
  ) {
    this.#code = code;
    this.#parse = parse;
    this.#budget = budget;
  }

  /** `budget`: how many characters the parser may read, which is counted down. */
  static async of(code: string, budget: { left: number }): Promise<Code> {
    const loaded: Acorn & { readonly default?: Acorn } = await import("acorn");
    const { Parser } = loaded.default ?? loaded;
    const FirstParser = Parser.extend(firstExpressionOnly);
    const parse = (text: string) =>
      FirstParser.parseExpressionAt(text, 0, { ecmaVersion: "latest" });
    return new Code(code, parse, budget);
  }

  get isSpent(): boolean {
    return this.#budget.left <= 0;
  }

  /** The object literal, closest first, that holds the place and is accepted. */
  around(
    index: number,
    accepts: (node: Node) => boolean,
  ): { readonly node: Node; readonly start: number } | null {
    const lowest = Math.max(0, index - 3_000);
    const before = this.#code.slice(lowest, index + 1);
    let open = before.lastIndexOf("{");
    for (let tries = 0; open >= 0 && tries < 12; tries++) {
      const start = lowest + open;
      const node = this.expression(start);
      if (node?.type === "ObjectExpression" && start + node.end > index && accepts(node)) {
        return { node, start };
      }
      open = open === 0 ? -1 : before.lastIndexOf("{", open - 1);
    }
    return null;
  }

  /** The expression that begins there; null where none does. Positions count from `start`. */
  expression(start: number): Node | null {
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
  text(node: Node, base: number, depth = 0): string | null {
    if (depth > DEEPEST) return null;
    const inner = (each: Node | null) => each === null ? null : this.text(each, base, depth + 1);
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
    const args = list(node, "arguments").map((each) => this.text(each, base, depth + 1) ?? "\n");
    if (name === "join" && object.type === "ArrayExpression") {
      return list(object, "elements").map((each) => this.text(each, base, depth + 1) ?? "\n")
        .join(args[0] ?? ",");
    }
    const text = this.text(object, base, depth + 1);
    return text === null || name !== "concat" ? text : text + args.join("");
  }

  /** The text that a variable of this name was given, closest before its use. */
  #definedText(name: string, before: number, depth: number): string | null {
    const defined = this.#definition(name, before);
    if (defined < 0) return null;
    const node = this.expression(defined);
    return node === null ? null : this.text(documentPart(node), defined, depth + 10);
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
  value(node: Node, base: number, depth = 0): Known {
    if (depth > 400) return undefined;
    switch (node.type) {
      case "ObjectExpression": {
        const value: Record<string, Known> = {};
        for (const property of list(node, "properties")) {
          const key = keyOf(property);
          const inner = child(property, "value");
          if (key !== null && key !== "__proto__" && inner !== null) {
            value[key] = this.value(inner, base, depth + 1);
          }
        }
        return value;
      }
      case "ArrayExpression":
        return list(node, "elements").filter(({ type }) => type !== "SpreadElement")
          .map((each) => this.value(each, base, depth + 1));
      case "Literal":
        return field(node, "value");
      case "UnaryExpression":
        return unary(String(field(node, "operator")), child(node, "argument"));
      case "MemberExpression":
        return this.#enumText(node);
      case "CallExpression":
        // String(4365)
        return list(node, "arguments").length === 1 && child(node, "callee")?.type === "Identifier"
          ? this.value(list(node, "arguments")[0] as Node, base, depth + 1)
          : this.text(node, base, depth + 1) ?? undefined;
      default:
        return this.text(node, base, depth + 1) ?? this.#definedNumber(node, base);
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

  member(node: Node, key: string): Known {
    const property = list(node, "properties").find((each) => keyOf(each) === key);
    const value = property === undefined ? null : child(property, "value");
    return value === null ? undefined : this.value(value, 0, 399);
  }
}

type Acorn = typeof import("acorn");

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
export function documentPart(node: Node): Node {
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

function unary(operator: string, argument: Node | null): Known {
  const value = argument === null ? undefined : field(argument, "value");
  if (operator === "!" && typeof value === "number") return value === 0;
  return operator === "-" && typeof value === "number" ? -value : undefined;
}

export function keysOf(node: Node): string[] {
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
