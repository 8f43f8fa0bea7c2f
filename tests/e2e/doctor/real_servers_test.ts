import assert from "node:assert/strict";
import {
  startAtheme,
  startInspircd,
  startNgircd,
  type TestIrcServer,
} from "../../support/irc_servers.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { needs } from "../../support/skip.ts";
import { CHANNEL, complaints, type Diagnosis, Patient, rowOf } from "./patient.ts";

async function examine(
  server: TestIrcServer,
  irc: string,
  options: { readonly port?: number; readonly env?: Record<string, string> } = {},
): Promise<Diagnosis> {
  await using patient = await Patient.create();
  const config = patient.config({ server: `127.0.0.1:${options.port ?? server.port}`, irc });
  return await patient.examine(config, { env: options.env ?? {} });
}

function operator(server: TestIrcServer): Promise<IrcClient> {
  const { host, port, password } = server;
  const login = password === null ? {} : { password };
  return IrcClient.connect({ host, port, nick: "op", ...login });
}

needs("ngircd", "openssl")(
  "doctor on ngircd: well, wrong password, moderated, expired certificate",
  async () => {
    await using server = await startNgircd({ password: "sekrit", certificate: { expired: true } });
    const well = await examine(server, 'Password="sekrit"');
    assert.deepEqual(complaints(well), []);
    const wrong = await examine(server, 'Password="wrong"');
    assert.deepEqual(complaints(wrong), ["irc.test login: broken"]);
    assert.match(rowOf(wrong, "irc.test", "login").remedy ?? "", /check Password/);
    const op = await operator(server);
    await op.join(CHANNEL);
    op.raw(`MODE ${CHANNEL} +m`);
    await op.waitFor((line) => line.command === "MODE" && line.params[1] === "+m", "+m");
    const moderated = await examine(server, 'Password="sekrit"');
    assert.deepEqual(complaints(moderated), [`irc.test ${CHANNEL} speech: broken`]);
    await op.close();
    const expired = await examine(server, 'Password="sekrit"\nUseTLS=true', {
      port: server.tlsPort,
      env: { DENO_CERT: server.certificate.caPath },
    });
    assert.deepEqual(complaints(expired), ["irc.test TLS: broken"]);
    assert.match(rowOf(expired, "irc.test", "TLS").seen, /expired on/);
  },
);

needs("inspircd", "openssl")(
  "doctor on InspIRCd: well over TLS, banned, colours blocked, muted",
  async () => {
    await using server = await startInspircd({ commandRate: 100_000, threshold: 1_000 });
    const well = await examine(server, "UseTLS=true", {
      port: server.tlsPort,
      env: { DENO_CERT: server.certificate.caPath },
    });
    assert.deepEqual(complaints(well), []);
    await using op = await operator(server);
    await op.join(CHANNEL);
    const mode = async (change: string) => {
      op.raw(`MODE ${CHANNEL} ${change}`);
      await op.waitFor(
        (line) => line.command === "MODE" && line.params.join(" ").includes(change),
        change,
      );
    };
    await mode("+b relay-doctor!*@*");
    const banned = await examine(server, "");
    assert.deepEqual(complaints(banned), [`irc.test ${CHANNEL}: broken`]);
    await mode("-b relay-doctor!*@*");
    await mode("+c");
    const plain = await examine(server, "");
    assert.deepEqual(complaints(plain), [`irc.test ${CHANNEL} speech: warning`]);
    await mode("-c");
    await mode("+b m:relay!*@*");
    const muted = await examine(server, "");
    assert.deepEqual(complaints(muted), [`irc.test ${CHANNEL} speech: broken`]);
    assert.match(rowOf(muted, "irc.test", `${CHANNEL} speech`).seen, /the ban m:relay!\*@\*/);
  },
);

needs("inspircd", "atheme", "openssl")(
  "doctor on InspIRCd with services: SASL, NickServ, services down",
  async () => {
    await using server = await startInspircd({
      services: true,
      commandRate: 100_000,
      threshold: 1_000,
    });
    const sasl = (password: string) =>
      `UseSASL=true\nNickServNick="relay"\nNickServPassword="${password}"`;
    await using services = await startAtheme(server);
    await services.register("relay", "open-sesame");
    const well = await examine(server, sasl("open-sesame"));
    assert.deepEqual(complaints(well), []);
    assert.equal(rowOf(well, "irc.test", "SASL").state, "ok");
    const wrong = await examine(server, sasl("wrong-word"));
    assert.deepEqual(complaints(wrong), ["irc.test SASL: broken"]);
    const nickServ = await examine(server, 'NickServPassword="open-sesame"');
    assert.deepEqual(complaints(nickServ), []);
    assert.equal(rowOf(nickServ, "irc.test", "NickServ").state, "ok");
    const refused = await examine(server, 'NickServPassword="wrong-word"');
    assert.deepEqual(complaints(refused), ["irc.test NickServ: broken"]);
    await services.stop();
    const down = await examine(server, sasl("open-sesame"));
    assert.deepEqual(complaints(down), ["irc.test SASL: broken"]);
    assert.match(
      rowOf(down, "irc.test", "SASL").seen,
      /services of the network do not answer|does not offer/,
    );
  },
);
