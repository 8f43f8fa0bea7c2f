import { type DocumentNode, type FragmentDefinitionNode, parse, print } from "graphql";

/** The forms in which a bundler may leave an app's GraphQL documents. */
export const BUNDLE_FORMS = [
  "template",
  "strings",
  "concatenated",
  "interpolated",
  "tagged",
  "joined",
  "ast",
  "ast-quoted",
  "ast-loc",
  "ast-json",
  "ast-parts",
  "typed",
  "persisted",
] as const;
export type BundleForm = typeof BUNDLE_FORMS[number];

export interface BundleOptions {
  readonly form: BundleForm;
  /** By title; several of them share the text of a fragment. */
  readonly documents: Readonly<Record<string, string>>;
  /** What the app gives each operation, as JavaScript: an object over the free names room, channel, body, reply and cursor. */
  readonly variables: Readonly<Record<string, string>>;
  readonly v: string;
  /** Code around it all. */
  readonly noise?: { readonly before: string; readonly behind: string };
}

/** The module that an app's build would make: it exports the documents, what they are given, and the first frame's payload. */
export function bundleOf(options: BundleOptions): string {
  const { form, documents, variables, v, noise } = options;
  const names = Object.keys(documents);
  const definitions = names.map((title, at) =>
    definitionOf(form, documents[title] ?? "", `d${at}`)
  );
  const exported = names.map((title, at) => `${JSON.stringify(title)}:d${at}`).join(",");
  const given = Object.entries(variables)
    .map(([title, object]) =>
      `${JSON.stringify(title)}:(room,channel,body,reply,cursor)=>(${object})`
    )
    .join(",");
  return [
    "/*! a bundle */",
    noise?.before ?? "",
    HELPERS,
    `const xv=${JSON.stringify(v)};`,
    'function payload(e){return{token:e,ua:btoa(navigator.userAgent),v:xv,r:""}}',
    `const routes=[{path:"/room/:roomId",page:"room"},{path:"tv/:room",page:"tv"}];`,
    ...definitions,
    `const documents={${exported}},variables={${given}};`,
    noise?.behind ?? "",
    "export{documents,variables,payload,routes};",
  ].join("\n");
}

const HELPERS =
  `class TD extends String{constructor(e,t){super(e);this.value=e;this.__meta__=t}}const tl=(e,t)=>Object.freeze(Object.defineProperties(e,{raw:{value:Object.freeze(t)}})),gt=(e,...t)=>e.reduce((n,r,o)=>n+(t[o-1]??"")+r);`;

function definitionOf(form: BundleForm, text: string, name: string): string {
  const tree = parse(text);
  const fragments = tree.definitions.filter((node) => node.kind === "FragmentDefinition");
  const operation = print({
    ...tree,
    definitions: tree.definitions.filter((node) => node.kind === "OperationDefinition"),
  });
  switch (form) {
    case "template":
      return `const ${name}=\`\n  ${text.replaceAll("\n", "\n  ")}\n\`;`;
    case "strings":
      return `const ${name}=${JSON.stringify(minified(text))};`;
    case "concatenated":
      return concatenated(name, operation, fragments);
    case "interpolated":
      return interpolated(name, operation, fragments);
    case "tagged":
      return `var ${name}t;const ${name}=gt(${name}t||(${name}t=tl([${
        JSON.stringify(`\n  ${text}\n`)
      }],[${JSON.stringify(`\\n  ${minified(text)}\\n`)}])));`;
    case "joined":
      return `const ${name}=[${
        text.split("\n").map((line) => JSON.stringify(line)).join(",")
      }].join("\\n");`;
    case "ast":
      return `const ${name}=${unquoted(bareTree(tree))};`;
    case "ast-quoted":
      return `const ${name}=${JSON.stringify(bareTree(tree))};`;
    case "ast-loc":
      return `const ${name}=${
        unquoted({
          ...bareTree(tree),
          loc: { start: 0, end: text.length, source: { body: text, name: "GraphQL request" } },
        })
      };`;
    case "ast-json":
      return `const ${name}=JSON.parse('${
        JSON.stringify(bareTree(tree)).replaceAll("\\", "\\\\").replaceAll("'", "\\'")
      }');`;
    case "ast-parts":
      return astInParts(name, tree);
    case "typed":
      return `const ${name}=new TD(\`\n    ${minified(text)}\n\`,{fragmentName:"x"});`;
    case "persisted":
      return `const ${name}={params:{id:"${hashOf(text)}",metadata:{},name:"${
        nameOf(tree)
      }",operationKind:"query",text:null}};`;
  }
}

function concatenated(
  name: string,
  operation: string,
  fragments: readonly FragmentDefinitionNode[],
): string {
  const parts = fragments.map((fragment, at) =>
    `const ${name}f${at}="\\n  "+${JSON.stringify(print(fragment))}+"\\n";`
  );
  const sum = fragments.map((_, at) => `.concat(${name}f${at})`).join("");
  return `${parts.join("")}const ${name}="\\n"${"".concat(`+${JSON.stringify(operation)}`)}${
    sum === "" ? "" : `+""${sum}`
  };`;
}

/** The selection of a fragment as a plain text that is put into the document: no GraphQL fragment at all. */
function interpolated(
  name: string,
  operation: string,
  fragments: readonly FragmentDefinitionNode[],
): string {
  let text = operation;
  const parts = fragments.map((fragment, at) => {
    const inside = print(fragment.selectionSet).slice(1, -1).trim();
    text = text.replaceAll(`...${fragment.name.value}`, `\${${name}f${at}}`);
    return `const ${name}f${at}=\`${inside}\`;`;
  }).reverse();
  // A fragment may hold others: each is defined before it is used.
  const filled = parts.map((part) =>
    fragments.reduce(
      (sum, fragment, at) => sum.replaceAll(`...${fragment.name.value}`, `\${${name}f${at}}`),
      part,
    )
  );
  return `${filled.join("")}const ${name}=\`${text}\`;`;
}

/** Fragments as trees of their own that the document spreads in: the form of graphql-codegen's documentNode. */
function astInParts(name: string, tree: DocumentNode): string {
  const fragments = tree.definitions.filter((node) => node.kind === "FragmentDefinition");
  const operations = tree.definitions.filter((node) => node.kind === "OperationDefinition");
  const parts = fragments.map((fragment, at) =>
    `const ${name}f${at}=${unquoted({ kind: "Document", definitions: [bare(fragment)] })};`
  );
  const spread = fragments.map((_, at) => `,...${name}f${at}.definitions`).join("");
  return `${parts.join("")}const ${name}={kind:"Document",definitions:[${
    unquoted(bare(operations[0]))
  }${spread}]};`;
}

function nameOf(tree: DocumentNode): string {
  const [first] = tree.definitions;
  return first?.kind === "OperationDefinition" ? first.name?.value ?? "" : "";
}

function hashOf(text: string): string {
  let hash = 0;
  for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash.toString(16).padStart(8, "0").repeat(4);
}

function minified(text: string): string {
  return text.replace(/\s+/g, " ").replace(/ ?([{}(),:]) ?/g, "$1").trim();
}

function bareTree(tree: DocumentNode): Record<string, unknown> {
  return bare(tree) as Record<string, unknown>;
}

/** Without what a build leaves out: places in the text, and lists with nothing in them. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) =>
        key !== "loc" && inner !== undefined && !(Array.isArray(inner) && inner.length === 0)
      )
      .map(([key, inner]) => [key, bare(inner)]),
  );
}

/** As a minifier writes objects: keys without quotes, booleans as !0 and !1. */
function unquoted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(unquoted).join(",")}]`;
  if (typeof value === "boolean") return value ? "!0" : "!1";
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "void 0";
  const pairs = Object.entries(value).map(([key, inner]) => `${key}:${unquoted(inner)}`);
  return `{${pairs.join(",")}}`;
}
