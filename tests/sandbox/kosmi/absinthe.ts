import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  specifiedRules,
  validate,
  type ValidationContext,
} from "graphql";

/** An error as Absinthe writes it. */
export interface AbsintheError {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: readonly (string | number)[];
}

/** Fields of the introspection types that Absinthe's schema does not have. */
const UNKNOWN_TO_ABSINTHE = new Set([
  "__Type.isOneOf",
  "__Type.specifiedByURL",
  "__InputValue.isDeprecated",
]);

/** Rules that Absinthe does not have. */
const LENIENT = new Set(["MaxIntrospectionDepthRule"]);

/** What Absinthe would say of the document; empty when it is valid. */
export function validateLikeAbsinthe(
  schema: GraphQLSchema,
  document: DocumentNode,
  options: { introspection: boolean; suggestions: boolean },
): AbsintheError[] {
  const rules = [
    ...specifiedRules.filter((rule) => !LENIENT.has(rule.name)),
    absintheIntrospection,
    ...(options.introspection ? [] : [noIntrospection]),
  ];
  const errors = validate(schema, document, rules, { hideSuggestions: !options.suggestions });
  return errors.flatMap((error) => {
    const message = inAbsinthesWords(error.message);
    return message === null ? [] : [toAbsintheError(error, message)];
  });
}

/** An error of execution; its text is the resolver's own. */
export function toAbsintheError(error: GraphQLError, message = error.message): AbsintheError {
  return {
    message,
    ...(error.locations === undefined
      ? {}
      : { locations: error.locations.map(({ line, column }) => ({ line, column })) }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
}

/** graphql-js's pattern, and Absinthe's sentence; null where Absinthe has no complaint. */
const WORDINGS: readonly (readonly [RegExp, string | null])[] = [
  [
    /^Unknown argument "(.+?)" on field "(.+?)\.(.+?)"\.(.*)$/s,
    'Unknown argument "$1" on field "$3" of type "$2".$4',
  ],
  [
    /^Argument ".+\.(.+?)\((.+?):\)" of type "(.+?)" is required, but it was not provided\.$/,
    'In argument "$2": Expected type "$3", found null.',
  ],
  [/^(?:String|ID|Int|Boolean) cannot represent .*?: (.*)$/s, "Argument has invalid value $1."],
  [
    /^Variable "\$(.+?)" is not defined( by operation ".+?")?\.$/,
    'Variable "$1" is not defined$2.',
  ],
  [/^Variable "\$(.+?)" is never used( in operation ".+?")?\.$/, 'Variable "$1" is never used$2.'],
  // A nullable variable for a non-null argument of the same type: Absinthe looks at the value instead.
  [
    /^Variable "\$.+?" of type "\[?(\w+)[\]!]*" used in position expecting type "\[?\1[\]!]*"\.$/,
    null,
  ],
  [
    /^Variable "\$(.+?)" of type "(.+?)" used in position expecting type "(.+?)"\.$/,
    "Variable `$1` of type `$2` found as input to argument of type `$3`.",
  ],
  [/^Syntax Error: (.*)$/s, "syntax error before: $1"],
];

export function inAbsinthesWords(message: string): string | null {
  for (const [pattern, wording] of WORDINGS) {
    if (!pattern.test(message)) continue;
    return wording === null ? null : message.replace(pattern, wording);
  }
  return message;
}

/** Errors that graphql-js finds in variables when it executes, and Absinthe before. */
const VARIABLE_WORDINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^Variable "\$(.+?)" has invalid value: Expected .*non-null.*$/s,
    'Variable "$1": Expected non-null, found null.',
  ],
  [/^Variable "\$(.+?)" has invalid value.*$/s, 'Argument "$1" has invalid value $$$1.'],
  [
    /^Argument ".+\((.+?):\)" has invalid value: Expected variable .*type "(.+?)".*$/s,
    'In argument "$1": Expected type "$2", found null.',
  ],
];

/** The error in Absinthe's words when it is about a variable's value, else null. */
export function variableError(error: GraphQLError): AbsintheError | null {
  const wording = VARIABLE_WORDINGS.find(([pattern]) => pattern.test(error.message));
  if (wording === undefined) return null;
  const { locations } = toAbsintheError(error);
  const message = error.message.replace(...wording);
  return { message, ...(locations === undefined ? {} : { locations }) };
}

function absintheIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      const type = context.getParentType()?.name ?? "";
      if (!UNKNOWN_TO_ABSINTHE.has(`${type}.${node.name.value}`)) return;
      const message = `Cannot query field "${node.name.value}" on type "${type}".`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}

function noIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value !== "__schema" && node.name.value !== "__type") return;
      const type = context.getParentType()?.name ?? "RootQueryType";
      const message = `Cannot query field "${node.name.value}" on type "${type}".`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}
