import { systemClock } from "../../base/clock.ts";
import { DataDirectoryError } from "./data_directory_error.ts";

/** Keeps other processes out until it is released. */
export interface Lock {
  /** Idempotent. */
  release(): void;
}

type LockAttempt =
  | { readonly kind: "held"; readonly lock: Lock }
  /** Another open of this file holds it: process `pid`, null where it did not say. */
  | { readonly kind: "taken"; readonly pid: number | null }
  /** The file system can't lock (read-only without a lock file, some network file systems). */
  | { readonly kind: "unavailable"; readonly cause: unknown };

/**
 * Takes the lock of a file without waiting. The operating system holds it (flock), so that it ends with the process,
 * however that ends: a lock can't go stale, and a reused process id means nothing. The file stays when the lock is
 * released: removing it would let two processes lock two different files of one name.
 */
export async function takeLock(path: string): Promise<LockAttempt> {
  let opened: Opened;
  if (await isLink(path)) {
    throw new DataDirectoryError("unsafe", `Cannot lock ${path}: it is a symbolic link.`);
  }
  try {
    opened = await openLockFile(path);
  } catch (cause) {
    // Permissions are a fault that a person can mend; what a read-only disk says is not.
    if (cause instanceof Deno.errors.PermissionDenied) throw cause;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    return { kind: "unavailable", cause };
  }
  try {
    if (!await opened.file.tryLock(true)) {
      opened.file.close();
      return { kind: "taken", pid: await readPid(path) };
    }
  } catch (cause) {
    opened.file.close();
    return { kind: "unavailable", cause };
  }
  if (!await isStillThere(path, opened.file)) {
    opened.file.close();
    return await takeLock(path);
  }
  if (opened.writable) await writePid(opened.file);
  return { kind: "held", lock: heldLock(opened) };
}

/** The lock's name in the data directory. */
export const LOCK_NAME = "kosmi-relay.lock";

/** Who holds the lock of a data directory: null for nobody, a null pid where it did not say. Takes and changes nothing. */
export async function whoHolds(folder: string): Promise<{ readonly pid: number | null } | null> {
  const path = `${folder}/${LOCK_NAME}`;
  if (await isLink(path)) return null;
  // A holder has written its pid; a pid without a holder is what a crash left.
  const written = await Deno.readTextFile(path).catch(() => "");
  if (written === "") return null;
  using file = await Deno.open(path, { read: true });
  if (await file.tryLock(false).catch(() => false)) return null;
  return { pid: /^[1-9]\d*\n$/.test(written) ? Number(written) : null };
}

/** The runtime would follow it out of the data directory. */
async function isLink(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
}

interface Opened {
  readonly file: Deno.FsFile;
  readonly writable: boolean;
}

async function openLockFile(path: string): Promise<Opened> {
  try {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    return { file, writable: true };
  } catch (error) {
    // On a read-only disk an existing lock file can still be locked.
    const file = await Deno.open(path, { read: true }).catch(() => null);
    if (file === null) throw error;
    return { file, writable: false };
  }
}

/** False when somebody removed or replaced the file between our opening and our locking it. */
async function isStillThere(path: string, file: Deno.FsFile): Promise<boolean> {
  const named = await Deno.lstat(path).catch(() => null);
  const locked = await file.stat();
  return named !== null && named.ino === locked.ino && named.dev === locked.dev;
}

async function writePid(file: Deno.FsFile): Promise<void> {
  // For people only: on a full disk the lock holds without it.
  try {
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    return;
  }
}

/** The holder writes its pid right after it got the lock: two processes that start at once need a moment. */
async function readPid(path: string): Promise<number | null> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (/^[1-9]\d*\n$/.test(text)) return Number(text);
    await systemClock.sleep(10, new AbortController().signal);
  }
  return null;
}

function heldLock({ file, writable }: Opened): Lock {
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      try {
        if (writable) file.truncateSync(0);
      } finally {
        // A child that was forked meanwhile holds a copy of the descriptor until its exec: closing ours would leave it locked.
        file.unlockSync();
        file.close();
      }
    },
  };
}
