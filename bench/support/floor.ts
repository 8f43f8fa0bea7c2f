#!/usr/bin/env -S deno run -A
/**
 * What no relay on this runtime can be below: passes lines from one IRC server to the other and does nothing else. With
 * FLOOR=store each message is written to an SQLite database first. To be measured beside the relay:
 * `deno task bench pair --against "$PWD/bench/support/floor.ts"`.
 */
import net from "node:net";
import { DatabaseSync } from "node:sqlite";

const CHANNEL = "#films";

/** What keeps a line; without FLOOR=store nothing does. */
function openStore(): (line: string) => void {
  if (Deno.env.get("FLOOR") !== "store") return () => {};
  const database = new DatabaseSync(`${Deno.makeTempDirSync()}/floor.db`);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE line (text TEXT)",
  );
  const insert = database.prepare("INSERT INTO line VALUES (?)");
  return (line) => void insert.run(line);
}

function main(args: readonly string[]): void {
  const config = Deno.readTextFileSync(args.find((arg) => arg.endsWith(".toml")) ?? "");
  const keep = openStore();
  const sockets = [...config.matchAll(/Server="([^":]+):(\d+)"/g)].map(([, host = "", port]) =>
    net.connect({ host, port: Number(port), noDelay: true }).setEncoding("latin1")
  );
  sockets.forEach((socket, at) => {
    const send = (line: string, to: net.Socket | undefined) => void to?.write(`${line}\r\n`);
    let rest = "";
    socket.once("connect", () => send("NICK floor\r\nUSER floor 0 * floor", socket));
    socket.on("data", (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said = /^:([^! ]+)\S* PRIVMSG \S+ :(.*)$/.exec(line);
        if (line.startsWith("PING ")) send(`PONG ${line.slice(5)}`, socket);
        else if (/^\S+ 001 /.test(line)) send(`JOIN ${CHANNEL}`, socket);
        else if (said !== null) {
          keep(line);
          send(`PRIVMSG ${CHANNEL} :<${said[1]}> ${said[2]}`, sockets[1 - at]);
        }
      }
    });
  });
}

main(Deno.args);
