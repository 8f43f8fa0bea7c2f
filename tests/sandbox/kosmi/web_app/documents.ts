import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from "graphql";
import { RICH_TYPES } from "../rich_text.ts";
import { schemaText } from "../schema_text.ts";
import type { KosmiVariants, RichForm } from "../variants.ts";

/** An operation of the web app, as a variant's schema wants it. */
export interface AppDocument {
  readonly text: string;
  /** What it is given, as JavaScript over room, channel, body, reply and cursor. */
  readonly variables: string;
  /** How its answer leads back to the fields that the page knows. */
  readonly reading: readonly Reading[];
}

/** A field under the page's own name, and where it stands now. */
export interface Reading {
  readonly key: string;
  readonly path: readonly string[];
  readonly fields: readonly Reading[];
}

const USER = "user { id displayName username isAnonymous }";
const MESSAGE = `fragment MessageParts on Message {
  id body time editedAt ${USER} replyTo { id body ${USER} } reactions { emoji ${USER} }
}`;
const CHAT = "($roomId: String!, $channelId: String)";
const IN_CHAT = "(roomId: $roomId, channelId: $channelId)";
const here = "{roomId:room,channelId:channel}";

/** What the page sends: documents by title, before a variant changes them, with what they are given. */
const DOCUMENTS: readonly (readonly [text: string, variables: string])[] = [
  [`mutation AnonLogin { anonLogin { token } }`, "{}"],
  [`query ExtendedCurrentUserQuery { currentUser { id displayName username isAnonymous } }`, "{}"],
  [`mutation JoinRoom($id: String!) { joinRoom(id: $id) { ok } }`, "{id:room}"],
  [
    `query RoomRootQuery($id: String!) { room(id: $id) { id name members { ${USER} } } }`,
    "{id:room}",
  ],
  [
    `query RoomChatQuery($roomId: String!, $channelId: String, $cursor: String) {
      chatArchive(roomId: $roomId, channelId: $channelId, cursor: $cursor) {
        backCursor forwardCursor results { ...MessageParts }
      }
    } ${MESSAGE}`,
    "{roomId:room,channelId:channel,cursor:cursor}",
  ],
  [`mutation RoomDisconnect($id: String!) { roomDisconnect(id: $id) { ok } }`, "{id:room}"],
  [
    `subscription MemberJoins($roomId: String!) { memberJoins(roomId: $roomId) { id ${USER} } }`,
    "{roomId:room}",
  ],
  [
    `subscription MemberLeaves($roomId: String!) { memberLeaves(roomId: $roomId) { id ${USER} } }`,
    "{roomId:room}",
  ],
  [
    `subscription MessageEditedSubscription${CHAT} { messageEdited${IN_CHAT} { ...MessageParts } } ${MESSAGE}`,
    here,
  ],
  [`subscription MessageDeletedSubscription${CHAT} { messageDeleted${IN_CHAT} { id } }`, here],
  [
    `subscription ReactionAdded${CHAT} { reactionAdded${IN_CHAT} { messageId emoji ${USER} message { ...MessageParts } } } ${MESSAGE}`,
    here,
  ],
  [
    `subscription ReactionRemoved${CHAT} { reactionRemoved${IN_CHAT} { messageId emoji ${USER} message { ...MessageParts } } } ${MESSAGE}`,
    here,
  ],
  [`subscription UserTyping${CHAT} { userTyping${IN_CHAT} { ${USER} } }`, here],
  [
    `subscription NewMessageSubscription${CHAT} { newMessage${IN_CHAT} { ...MessageParts } } ${MESSAGE}`,
    here,
  ],
  [
    `mutation SendMessage2($body: String!, $roomId: String!, $channelId: String, $replyToMessageId: String) {
      sendMessage2(body: $body, roomId: $roomId, channelId: $channelId, replyToMessageId: $replyToMessageId) { ok }
    }`,
    "{body:body,roomId:room,channelId:channel,replyToMessageId:reply}",
  ],
  [`mutation StartTyping${CHAT} { startTyping${IN_CHAT} { ok } }`, here],
];

/** The app's documents as it would be built against the variant's schema. */
export function appDocuments(variants: KosmiVariants): Readonly<Record<string, AppDocument>> {
  const types = fieldTypes(variants);
  const made: Record<string, AppDocument> = {};
  for (const [text, variables] of DOCUMENTS) {
    const document = new Reshaper(variants, types).document(parse(text), variables);
    if (document === null) continue;
    const { title, ...rest } = document;
    made[title] = rest;
  }
  return made;
}

type FieldTypes = ReadonlyMap<string, string>;

/** Named types of the fields: "Message.user" -> "User". */
function fieldTypes(variants: KosmiVariants): FieldTypes {
  const types = new Map<string, string>();
  for (const node of parse(schemaText(variants)).definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of (node as ObjectTypeDefinitionNode).fields ?? []) {
      types.set(`${node.name.value}.${field.name.value}`, namedType(field.type));
    }
  }
  return types;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

const ROOTS = {
  query: "RootQueryType",
  mutation: "RootMutationType",
  subscription: "RootSubscriptionType",
};

/** Changes one document as the variants change the schema. */
class Reshaper {
  readonly #variants: KosmiVariants;
  readonly #types: FieldTypes;
  readonly #readings = new Map<string, readonly Reading[]>();

  constructor(variants: KosmiVariants, types: FieldTypes) {
    this.#variants = variants;
    this.#types = types;
  }

  /** Null where the schema has nothing left of it. */
  document(
    document: DocumentNode,
    variables: string,
  ): (AppDocument & { readonly title: string }) | null {
    const fragments: string[] = [];
    for (const node of document.definitions) {
      if (node.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const { set, readings } = this.#selection(node.selectionSet, node.typeCondition.name.value);
      this.#readings.set(node.name.value, readings);
      fragments.push(
        `fragment ${node.name.value} on ${node.typeCondition.name.value} ${print(set)}`,
      );
    }
    const [operation] = document.definitions.filter((node) =>
      node.kind === Kind.OPERATION_DEFINITION
    );
    const [root] = operation?.selectionSet.selections ?? [];
    if (operation === undefined || root?.kind !== Kind.FIELD) return null;
    const path = `${ROOTS[operation.operation]}.${root.name.value}`;
    if (this.#variants.missing.includes(path)) return null;
    const given = this.#arguments(path, root, variables);
    const { set, readings } = this.#selection(
      { ...operation.selectionSet, selections: [{ ...root, arguments: [] }] },
      ROOTS[operation.operation],
    );
    const original = operation.name?.value ?? "";
    const title = this.#variants.titles[original] ?? original;
    const body = print(set).replace(/^\{\n\s*(\w+)/, (head) => `${head}${given.passed}`);
    const text = [`${operation.operation} ${title}${given.defined} ${body}`, ...fragments].join(
      "\n",
    );
    return { title: original, text, variables: given.variables, reading: readings };
  }

  #arguments(
    path: string,
    root: FieldNode,
    variables: string,
  ): { readonly defined: string; readonly passed: string; readonly variables: string } {
    const { renamed, missing, inputs, extraArguments, idArguments, connections, rich } = this
      .#variants;
    const values = new Map(
      [...variables.slice(1, -1).split(",")].filter((each) => each !== "")
        .map((pair) => pair.split(":") as [string, string]),
    );
    const kept = (root.arguments ?? []).filter(({ name }) =>
      !missing.includes(`${path}(${name.value})`)
    );
    const isConnection = connections.includes(path);
    const given = kept.map((argument: ArgumentNode) => {
      const original = argument.name.value;
      const paged = isConnection && original === "cursor" ? "before" : original;
      const name = renamed[`${path}(${original})`] ?? paged;
      const required = ["roomId", "id", "body"].includes(original);
      const base = ["roomId", "id", "channelId", "replyToMessageId"].includes(original)
        ? idArguments
        : "String";
      const value = values.get(original) ?? "null";
      const form = rich[`${path}(${original})`];
      if (form === undefined) return { name, type: `${base}${required ? "!" : ""}`, value };
      return { name, type: `${RICH_TYPES[form].input.type}!`, value: richValue(form, value) };
    });
    if (isConnection) given.push({ name: "last", type: "Int", value: "50" });
    const extra = extraArguments[path] ?? [];
    const inline = extra.filter(({ how }) => how === "inline")
      .map(({ name, value }) =>
        `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`
      );
    for (const { name, type, value, how } of extra) {
      if (how === "variable") given.push({ name, type, value: JSON.stringify(value) });
    }
    const brackets = (inside: readonly string[]) =>
      inside.length === 0 ? "" : `(${inside.join(", ")})`;
    const object = `{${given.map(({ name, value }) => `${name}:${value}`).join(",")}}`;
    if (inputs.includes(path)) {
      const type = `${capital(path.slice(path.indexOf(".") + 1))}Input!`;
      return {
        defined: `($input: ${type})`,
        passed: brackets(["input: $input", ...inline]),
        variables: `{input:${object}}`,
      };
    }
    return {
      defined: brackets(given.map(({ name, type }) => `$${name}: ${type}`)),
      passed: brackets([...given.map(({ name }) => `${name}: $${name}`), ...inline]),
      variables: object,
    };
  }

  #selection(
    set: SelectionSetNode,
    type: string,
  ): { readonly set: SelectionSetNode; readonly readings: readonly Reading[] } {
    const selections: SelectionNode[] = [];
    const readings: Reading[] = [];
    for (const node of set.selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        selections.push(node);
        readings.push(...this.#readings.get(node.name.value) ?? []);
      }
      if (node.kind !== Kind.FIELD) continue;
      const made = this.#field(node, type);
      if (made === null) continue;
      add(selections, made.node);
      readings.push(made.reading);
    }
    const filled = selections.length > 0 ? selections : [fieldNode("__typename")];
    return { set: { ...set, selections: filled }, readings };
  }

  #field(
    node: FieldNode,
    type: string,
  ): { readonly node: FieldNode; readonly reading: Reading } | null {
    const { missing, renamed, nested, wrapped, connections, rich } = this.#variants;
    const key = node.name.value;
    const path = `${type}.${key}`;
    if (missing.includes(path)) {
      // An author who is shown only as a member of the room.
      if (path !== "Message.user") return null;
      const member = this.#field(fieldNode("member", [node]), "Message");
      if (member === null) return null;
      const [inner] = member.reading.fields;
      const below = [...member.reading.path, ...inner?.path ?? []];
      return { node: member.node, reading: { key, path: below, fields: inner?.fields ?? [] } };
    }
    const name = renamed[path] ?? key;
    const inner = node.selectionSet === undefined
      ? null
      : this.#selection(node.selectionSet, this.#types.get(path) ?? "");
    let made: FieldNode = { ...fieldNode(name), arguments: node.arguments ?? [] };
    if (inner !== null) made = { ...made, selectionSet: inner.set };
    let steps = [name];
    let fields = inner?.readings ?? [];
    if (connections.includes(path) && inner !== null) {
      made = { ...made, selectionSet: connectionOf(inner.set) };
      fields = connectionReading(fields);
    }
    if (rich[path] === "objects") {
      made = { ...made, selectionSet: setOf([fieldNode("kind"), fieldNode("text")]) };
      steps = [name, "text"];
    }
    const wrapper = wrapped[path];
    if (wrapper !== undefined) {
      const { selectionSet } = made;
      const held = {
        ...fieldNode(wrapper),
        ...(selectionSet === undefined ? {} : { selectionSet }),
      };
      made = { ...made, selectionSet: setOf([held]) };
      steps = [name, wrapper, ...steps.slice(1)];
    }
    const group = nested[path];
    if (group === undefined) return { node: made, reading: { key, path: steps, fields } };
    return {
      node: { ...fieldNode(group), selectionSet: setOf([made]) },
      reading: { key, path: [group, ...steps], fields },
    };
  }
}

/** Two fields of one group become one selection of it. */
function add(selections: SelectionNode[], node: FieldNode): void {
  const same = selections.findIndex((each) =>
    each.kind === Kind.FIELD && each.name.value === node.name.value
  );
  const before = selections[same];
  if (before?.kind !== Kind.FIELD || before.selectionSet === undefined) {
    selections.push(node);
    return;
  }
  const merged = [...before.selectionSet.selections];
  for (const inner of node.selectionSet?.selections ?? []) {
    if (inner.kind === Kind.FIELD) add(merged, inner);
  }
  selections[same] = { ...before, selectionSet: setOf(merged) };
}

function connectionOf(set: SelectionSetNode): SelectionSetNode {
  const results = set.selections.find((node) =>
    node.kind === Kind.FIELD && node.selectionSet !== undefined
  );
  const inner = results?.kind === Kind.FIELD ? results.selectionSet : undefined;
  const node = fieldNode("node");
  return setOf([
    fieldNode("edges", [inner === undefined ? node : { ...node, selectionSet: inner }]),
    fieldNode(
      "pageInfo",
      ["startCursor", "endCursor", "hasPreviousPage"].map((key) => fieldNode(key)),
    ),
  ]);
}

function connectionReading(fields: readonly Reading[]): readonly Reading[] {
  const paths: Readonly<Record<string, readonly string[]>> = {
    backCursor: ["pageInfo", "startCursor"],
    forwardCursor: ["pageInfo", "endCursor"],
    results: ["edges", "node"],
  };
  return fields.map((field) => ({ ...field, path: paths[field.key] ?? field.path }));
}

function fieldNode(name: string, inner?: readonly FieldNode[]): FieldNode {
  return {
    kind: Kind.FIELD,
    name: { kind: Kind.NAME, value: name },
    ...(inner === undefined ? {} : { selectionSet: setOf(inner) }),
  };
}

function setOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}

/** How the app makes pieces of a text: an expression. */
function richValue(form: RichForm, text: string): string {
  switch (form) {
    case "objects":
      return `[{kind:"PLAIN",text:${text}}]`;
    case "strings":
      return `[${text}]`;
    case "document":
      return `{type:"doc",content:[{type:"paragraph",content:[{type:"text",text:${text}}]}]}`;
  }
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
