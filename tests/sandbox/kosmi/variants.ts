import type { BundleForm } from "./web_app/bundle.ts";

/**
 * How the stand-in differs from the Kosmi that seems most likely by what is known of it. Every entry can be given at the start
 * and changed while it runs (`setVariant`). Schema entries apply to documents that arrive after the change.
 */
export interface KosmiVariants {
  // --- schema ---
  /** Whether `__schema` and `__type` are answered. */
  readonly introspection: "on" | "off";
  /** Gone from the schema: "User.username", "RootMutationType.sendMessage2", "RootMutationType.sendMessage(channelId)". */
  readonly missing: readonly string[];
  /** Known under another name: {"Message.body": "content", "RootMutationType.sendMessage2(body)": "text"}. */
  readonly renamed: Readonly<Record<string, string>>;
  /** In an object of its own beside the others: {"User.displayName": "profile"}. */
  readonly nested: Readonly<Record<string, string>>;
  /** What the field yields is in an object around it: {"RootSubscriptionType.newMessage": "message"}. */
  readonly wrapped: Readonly<Record<string, string>>;
  /** Fields that take one input object in place of their arguments: "RootMutationType.sendMessage2". */
  readonly inputs: readonly string[];
  /** Lists in Relay's form (edges, node, pageInfo; last and before): "RootQueryType.chatArchive". */
  readonly connections: readonly string[];
  /** Texts that are no plain string: {"Message.body": "objects", "RootMutationType.sendMessage2(body)": "strings"}. */
  readonly rich: Readonly<Record<string, RichForm>>;
  /** Arguments that are new and required, and what the app gives them: written into its documents, or as a variable. */
  readonly extraArguments: Readonly<Record<string, readonly ExtraArgument[]>>;
  /** The app's operations under another title. */
  readonly titles: Readonly<Record<string, string>>;
  /** The form in which the app's bundle has its documents. */
  readonly bundle: BundleForm;
  /** Who gets it; others are answered 403. */
  readonly bundleFor: "all" | "browsers";
  /** What the app calls its version. */
  readonly appVersion: string;
  /** In the schema, but always null: "Message.user". */
  readonly nulls: readonly string[];
  /** Type of the id arguments (`$id: String!` in the browser's JoinRoom). */
  readonly idArguments: "String" | "ID" | "UUID";
  /** What `time` and `editedAt` hold. */
  readonly timeUnit: "seconds" | "milliseconds" | "iso";
  /** Whether sendMessage and sendMessage2 also offer `id` and `message {…}`. */
  readonly sendReturnsId: boolean;
  /** What messageDeleted yields: a Message, or only its id as a scalar. */
  readonly deletedShape: "message" | "id";
  /** Whether error texts end with "Did you mean …?". */
  readonly suggestions: boolean;
  /** What HTTP introspection shows: only the login mutations, or everything. */
  readonly httpSchema: "login-only" | "full";

  // --- door ---
  /** 403 for an Origin (and over HTTP a Referer or User-Agent) that no browser on the web app would send. */
  readonly checkOrigin: boolean;
  /** Answer to connection_init with a good token. */
  readonly init: "ack" | "refuse" | "silence";
  /** Answer to connection_init with an expired token. Other bad tokens are always refused. */
  readonly expiredToken: "refuse" | "anonymous" | "silence";
  readonly ackDelayMs: number;
  /** Refuses an init whose `v` is lower. */
  readonly minimumVersion: number | null;
  /** `currentUser` and the author of messages are anonymous although the token is of a login. */
  readonly loggedInShowsAnonymous: boolean;
  /** Payload of a refusal, inside the frame's `id`. */
  readonly refusal: unknown;

  // --- operations ---
  /** Fail with this text, by the root field's original name: {joinRoom: "INTERNAL_ERROR"}. */
  readonly failing: Readonly<Record<string, string>>;
  /** Mutations that answer `ok: false` and do nothing, by the root field's original name. */
  readonly notOk: readonly string[];
  /** Carried out, but never answered: root fields or operation names. */
  readonly noReply: readonly string[];
  /** An exception inside: neither carried out nor answered. */
  readonly crash: readonly string[];
  /** Every answer waits a random time, so that answers of several operations interleave. */
  readonly shuffle: { readonly seed: number; readonly maxDelayMs: number } | null;
  /** The own message comes on the subscription before the answer to sendMessage. */
  readonly echoFirst: boolean;
  /** The server neither reads nor writes any socket; TCP stays up. */
  readonly silent: boolean;

  // --- rooms ---
  /** What a subscription made before joinRoom gets. */
  readonly beforeJoin: "nothing" | "one-then-1006" | "deliver";
  /** What `disconnectOtherConnections: true` does to the user's other sockets in the room. */
  readonly otherConnections: "close" | "silent" | "keep";
  /** A second socket of an account closes the first at once. */
  readonly oneConnectionPerUser: boolean;
  /** Error text when an anonymous user joins a private room. */
  readonly privateRoomError: string;

  // --- messages ---
  /** How many more times each event is delivered. */
  readonly duplicates: number;
  /** How long after they happened events come on the subscriptions; their order stays. */
  readonly deliveryDelayMs: number;
  /** Which newMessage events never come, though the room has the message: none, all, or every n-th. */
  readonly lostEvents: "none" | "all" | { readonly every: number };
  /** Which sends are answered `ok: true` and go nowhere: none, all, or every n-th. */
  readonly lostSends: "none" | "all" | { readonly every: number };
  /** Sends that fail: `how` is an error, `ok: false`, or ok without delivery. */
  readonly rateLimit: {
    readonly count: number;
    readonly perMs: number;
    readonly message: string;
    readonly how: "error" | "not-ok" | "lost";
  } | null;
  /** Longest body, in UTF-16 units. */
  readonly maxLength: {
    readonly characters: number;
    readonly message: string;
    readonly how: "error" | "not-ok" | "cut";
  } | null;
  readonly archivePageSize: number;
  readonly archiveOrder: "oldest-first" | "newest-first";

  // --- HTTP and upgrade ---
  /** Answer of the engine over HTTP. `status` null: the true one. `hang`: never. */
  readonly http: EndpointFault;
  /** Answer to the WebSocket upgrade. */
  readonly upgrade: EndpointFault;
  /** Answer of the image endpoint. */
  readonly images: EndpointFault;
  /** Answer of the web app's pages. */
  readonly app: EndpointFault;
  readonly login: LoginVariants;
}

/** A list of objects that hold pieces of it, a list of strings, or a document as an editor keeps it (a JSON scalar). */
export type RichForm = "objects" | "strings" | "document";

export interface ExtraArgument {
  readonly name: string;
  readonly type: string;
  /** The values of an enum type. */
  readonly values?: readonly string[];
  readonly value: string | number | boolean;
  readonly how: "inline" | "variable";
}

export interface EndpointFault {
  readonly delayMs: number;
  readonly status: number | null;
  /** The body of a faulty answer (or, with status null, of a 200 answer) is an HTML page. */
  readonly html: boolean;
  readonly hang: boolean;
}

/** The web app's login page. */
export interface LoginVariants {
  /** "none": the page has no login button. */
  readonly button: "Login" | "Log in" | "Sign in" | "none";
  readonly emailButton: "Login with Email" | "Continue with email" | "none";
  readonly submitButton: string;
  /** The dialog opens, but there is no form in it. */
  readonly form: "shown" | "missing";
  /** The form's fields have no name, type or autocomplete: only placeholders. */
  readonly bareFields: boolean;
  /** How long after the click the dialog comes. */
  readonly dialogDelayMs: number;
  /** When the script puts the anonymous token into localStorage; null: never. */
  readonly anonymousTokenAfterMs: number | null;
  /** When the token is there after the answer of a good login; null: never. */
  readonly tokenAfterMs: number | null;
  /** The login succeeds, but the token in localStorage stays what it was. */
  readonly tokenUnchanged: boolean;
  /** What the service wants besides the password. */
  readonly challenge: "none" | "captcha" | "second-factor";
  /** A banner lies over the whole page until somebody accepts it. */
  readonly cookieBanner: boolean;
  /** A wrong password shows this. */
  readonly wrongPasswordText: string;
  /** How long the page's script takes to show anything. */
  readonly renderDelayMs: number;
  /** Where a wrong password and other messages show: role=alert or a plain paragraph. */
  readonly alertRole: boolean;
}

const NO_FAULT: EndpointFault = { delayMs: 0, status: null, html: false, hang: false };

export const DEFAULT_VARIANTS: KosmiVariants = {
  introspection: "on",
  missing: [],
  renamed: {},
  nested: {},
  wrapped: {},
  inputs: [],
  connections: [],
  rich: {},
  extraArguments: {},
  titles: {},
  bundle: "template",
  bundleFor: "all",
  appVersion: "4364",
  nulls: [],
  idArguments: "String",
  timeUnit: "seconds",
  sendReturnsId: false,
  deletedShape: "message",
  suggestions: true,
  httpSchema: "login-only",
  checkOrigin: true,
  init: "ack",
  expiredToken: "refuse",
  ackDelayMs: 0,
  minimumVersion: null,
  loggedInShowsAnonymous: false,
  refusal: { message: "UNAUTHORIZED" },
  failing: {},
  notOk: [],
  noReply: [],
  crash: [],
  shuffle: null,
  echoFirst: false,
  silent: false,
  beforeJoin: "nothing",
  otherConnections: "close",
  oneConnectionPerUser: false,
  privateRoomError: "UNAUTHORIZED",
  duplicates: 0,
  deliveryDelayMs: 0,
  lostEvents: "none",
  lostSends: "none",
  rateLimit: null,
  maxLength: null,
  archivePageSize: 50,
  archiveOrder: "oldest-first",
  http: NO_FAULT,
  upgrade: NO_FAULT,
  images: NO_FAULT,
  app: NO_FAULT,
  login: {
    button: "Login",
    emailButton: "Login with Email",
    submitButton: "Login",
    form: "shown",
    bareFields: false,
    dialogDelayMs: 60,
    anonymousTokenAfterMs: 80,
    tokenAfterMs: 250,
    tokenUnchanged: false,
    challenge: "none",
    cookieBanner: false,
    wrongPasswordText: "Invalid email or password",
    renderDelayMs: 50,
    alertRole: true,
  },
};

/** What a caller may give: any entry; of the grouped ones (`http`, `login` …) any part. */
export type VariantChange = {
  readonly [K in keyof KosmiVariants]?: KosmiVariants[K] extends EndpointFault | LoginVariants
    ? Partial<KosmiVariants[K]>
    : KosmiVariants[K];
};

export function applyVariants(current: KosmiVariants, change: VariantChange): KosmiVariants {
  return {
    ...current,
    ...change,
    http: { ...current.http, ...change.http },
    upgrade: { ...current.upgrade, ...change.upgrade },
    images: { ...current.images, ...change.images },
    app: { ...current.app, ...change.app },
    login: { ...current.login, ...change.login },
  };
}
