/** Marks the file as ours ("KRLY"), so that a stranger's database is never written to. */
export const APPLICATION_ID = 0x4b524c59;

/**
 * One script for each version of the schema, oldest first; `PRAGMA user_version` counts those that ran. What was
 * released is never changed: a new version is a new script.
 *
 * Times are REAL because services may show fractions of a millisecond. Ids come from one ascending sequence that
 * outlives its rows (`meta.next_id` is its reserved end), so that none is used twice after a crash. `message` is what
 * was taken over; its `targets` are [delivery, endpoint] pairs. `link` is one confirmed part of a delivery; its message
 * is 0 where none stands behind it (a line of the relay's own), and its delivery then the shipment. `mark` tells for some
 * instants which ids were given out before.
 * `reserve` is always empty: filling it once makes room in the file.
 * Services name messages at random, so that each new one falls on another page of an index: the indexes hold a short
 * `hash` of the name, which makes them a quarter as large.
 * `cursor.at` is where history is read from, `said_at` the time of the last message as its service tells it, `count` how many
 * messages that bear it were taken over, `in_second` how many of its second. `own` is
 * how far our own lines without ids were looked through, how many were confirmed `since`, and how many of these `nameless`;
 * shipments up to `last_shipment` had left before. `shipment.refused` of its `confirmed` parts were refused.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE endpoint (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL,
    name TEXT NOT NULL,
    taken_at REAL NOT NULL,
    hash INTEGER NOT NULL,
    targets TEXT NOT NULL
  ) STRICT;
  CREATE INDEX message_hash ON message (hash);
  CREATE INDEX message_age ON message (taken_at);
  CREATE TABLE delivery (
    endpoint INTEGER NOT NULL,
    id INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    gateway TEXT NOT NULL,
    speaker TEXT,
    source INTEGER,
    source_endpoint INTEGER,
    source_name TEXT,
    outgoing TEXT NOT NULL,
    PRIMARY KEY (endpoint, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX delivery_age ON delivery (accepted_at);
  CREATE TABLE shipment (
    id INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL,
    deliveries TEXT NOT NULL,
    parts TEXT NOT NULL,
    confirmed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE link (
    message INTEGER NOT NULL,
    delivery INTEGER NOT NULL,
    part INTEGER NOT NULL,
    endpoint INTEGER NOT NULL,
    copy TEXT NOT NULL,
    hash INTEGER NOT NULL,
    PRIMARY KEY (message, delivery, part)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX link_hash ON link (hash);
  CREATE TABLE cursor (endpoint INTEGER PRIMARY KEY, name TEXT, at REAL NOT NULL) STRICT;
  CREATE TABLE dropped (endpoint INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  CREATE TABLE reserve (filler BLOB NOT NULL) STRICT;
`,
  `
  ALTER TABLE cursor ADD COLUMN said_at REAL NOT NULL DEFAULT 0;
  ALTER TABLE cursor ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE cursor ADD COLUMN in_second INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE shipment ADD COLUMN announces INTEGER;
  ALTER TABLE shipment ADD COLUMN announced_at REAL;
  CREATE TABLE own (
    endpoint INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    count INTEGER NOT NULL,
    since INTEGER NOT NULL,
    nameless INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE mark (at REAL PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  UPDATE cursor SET said_at = at;
`,
  `
  ALTER TABLE shipment ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE own ADD COLUMN last_shipment INTEGER NOT NULL DEFAULT 0;
`,
];
