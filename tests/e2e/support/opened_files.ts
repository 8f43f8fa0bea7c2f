/** A file that a program opened, by the log of strace (`-f -y -e trace=%file`). */
export interface OpenedFile {
  readonly path: string;
  readonly writing: boolean;
}

/** System calls that open or change what their path names; all others only look. */
const CALL =
  /^\d+ +(open|openat|openat2|creat|truncate|rename|renameat|renameat2|unlink|unlinkat|mkdir|mkdirat|rmdir|link|linkat|symlink|symlinkat|chmod|fchmodat|chown|lchown|fchownat|utime|utimes|utimensat|mknod|mknodat)\((.*)/;
const WRITING_FLAG = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/;

/** Files that were opened or changed with success, absolute, in order. `cwd` is where the program was started. */
export function openedFiles(strace: string, cwd: string): OpenedFile[] {
  return joined(strace).flatMap((line) => {
    const [, call = "", rest = ""] = CALL.exec(line) ?? [];
    if (call === "" || / = -1 E/.test(rest)) return [];
    // A path may count from a folder that is open: 5</the/folder>, "path"
    const named = rest.matchAll(/(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g);
    const writing = !/^(open|openat|openat2)$/.test(call) || WRITING_FLAG.test(rest);
    return [...named].map(([, folder = cwd, path = ""]) => ({
      path: absolute(path, folder),
      writing,
    }));
  });
}

/** A call that another thread interrupted stands in two lines: `… <unfinished ...>` and `<... openat resumed>…`. */
function joined(strace: string): string[] {
  const begun = new Map<string, string>();
  return strace.split("\n").flatMap((line) => {
    const pid = /^\d+/.exec(line)?.[0] ?? "";
    const first = / *<unfinished \.\.\.>$/.exec(line);
    if (first !== null) {
      begun.set(pid, line.slice(0, first.index));
      return [];
    }
    const resumed = /^\d+ +<\.\.\. \w+ resumed>/.exec(line);
    if (resumed === null) return [line];
    return [`${begun.get(pid) ?? ""}${line.slice(resumed[0].length)}`];
  });
}

function absolute(path: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : cwd}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** What every program on Linux reads: libraries, locale, time zone, names of hosts, authorities, what the kernel tells. */
const SYSTEM = [
  /^\/(?:usr\/)?lib(?:32|64)?\//,
  /^\/usr\/local\/lib\//,
  /^\/usr\/share\/(?:locale|zoneinfo)\//,
  /^\/etc\/(?:ld\.so\.\w+|localtime|timezone|resolv\.conf|hosts|host\.conf|nsswitch\.conf|gai\.conf|services|protocols)$/,
  /^\/etc\/ssl\//,
  /^\/usr\/share\/ca-certificates\//,
  /^\/proc\/(?:self|\d+|sys)\/|^\/proc\/(?:meminfo|cpuinfo|stat)$/,
  /^\/sys\/(?:fs\/cgroup|devices\/system\/cpu|kernel\/mm)\//,
  /^\/dev\/(?:null|urandom|random|tty)$/,
];

export function isSystemFile(path: string): boolean {
  return SYSTEM.some((pattern) => pattern.test(path));
}
