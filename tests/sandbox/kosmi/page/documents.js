/** The app's own documents: made from its bundle, whatever form they have there. */
const { documents, payload, variables } = await import(new URL("/core.js", location.href).href);
const { readings } = JSON.parse(document.getElementById("config").textContent);

export { payload };

/** What to send for an operation. `given`: room, channel, body, reply and cursor. */
export function operation(title, given = {}) {
  const { room, channel = "general", body, reply = null, cursor = null } = given;
  return {
    query: textOf(documents[title]),
    variables: variables[title](room, channel, body, reply, cursor),
    read: (data) => readAll(readings[title] ?? [], data),
  };
}

/** False for what this version of the service doesn't have. */
export function offers(title) {
  return documents[title] !== undefined;
}

function textOf(document) {
  if (typeof document === "string") return document;
  return document.value ?? document.loc?.source?.body ?? printed(document);
}

/** An answer with the field names that the page knows. */
function readAll(readings, value) {
  if (value === null || typeof value !== "object") return value;
  const read = {};
  for (const { key, path, fields } of readings) {
    const found = dig(value, path);
    read[key] = fields.length === 0 || found === null || found === undefined
      ? key === "body" ? joined(found) : found
      : Array.isArray(found)
      ? found.map((each) => readAll(fields, each))
      : readAll(fields, found);
  }
  return read;
}

/** A text that comes in pieces. */
function joined(value) {
  if (Array.isArray(value)) return value.map(joined).join("");
  if (value === null || typeof value !== "object") return value;
  return value.type === "doc"
    ? value.content.map(joined).join("\n")
    : value.text ?? joined(value.content);
}

function dig(value, path) {
  let here = value;
  for (const key of path) {
    here = Array.isArray(here) ? here.map((each) => each?.[key]) : here?.[key];
  }
  return here;
}

function printed(node) {
  const list = (nodes, between = " ") => (nodes ?? []).map(printed).join(between);
  const brackets = (inside) => inside === "" ? "" : `(${inside})`;
  switch (node.kind) {
    case "Document":
      return list(node.definitions, "\n");
    case "OperationDefinition":
      return `${node.operation} ${node.name?.value ?? ""}${
        brackets(list(node.variableDefinitions, ", "))
      } ${printed(node.selectionSet)}`;
    case "FragmentDefinition":
      return `fragment ${node.name.value} on ${node.typeCondition.name.value} ${
        printed(node.selectionSet)
      }`;
    case "VariableDefinition":
      return `${printed(node.variable)}: ${printed(node.type)}`;
    case "Variable":
      return `$${node.name.value}`;
    case "NamedType":
      return node.name.value;
    case "NonNullType":
      return `${printed(node.type)}!`;
    case "ListType":
      return `[${printed(node.type)}]`;
    case "SelectionSet":
      return `{ ${list(node.selections)} }`;
    case "Field":
      return `${node.alias ? `${node.alias.value}: ` : ""}${node.name.value}${
        brackets(list(node.arguments, ", "))
      }${node.selectionSet ? ` ${printed(node.selectionSet)}` : ""}`;
    case "Argument":
    case "ObjectField":
      return `${node.name.value}: ${printed(node.value)}`;
    case "FragmentSpread":
      return `...${node.name.value}`;
    case "ObjectValue":
      return `{${list(node.fields, ", ")}}`;
    case "StringValue":
      return JSON.stringify(node.value);
    default:
      return String(node.value);
  }
}
