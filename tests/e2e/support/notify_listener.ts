/** Prints what comes to the datagram socket that its argument names, one JSON string a line. Needs --unstable-net. */
const path = Deno.args[0] ?? "";
const listen: unknown = Reflect.get(Deno, "listenDatagram");
if (typeof listen !== "function") throw new Error("Cannot listen: started without --unstable-net");
const socket: AsyncIterable<[Uint8Array, unknown]> = listen({ transport: "unixpacket", path });
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
say('"listening"');
for await (const [bytes] of socket) say(JSON.stringify(new TextDecoder().decode(bytes)));
