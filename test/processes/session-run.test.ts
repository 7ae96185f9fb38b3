import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { describe, expect, type TestContext } from "vitest";
import { PROGRAM } from "../support/cli-process.js";
import { call } from "../support/dev-homeserver.js";
import { EventProcess } from "../support/event-process.js";
import { freePort } from "../support/local-server.js";
import { it, type Machine } from "../support/machine.js";

/** A session that other programs go on from, by real processes. */

const WHOAMI = "/_matrix/client/v3/account/whoami";

/** What a program does in the tests: JavaScript, with the environment that it was given. */
const node = (script: string) => ["--", process.execPath, "-e", script];

const ASK = `
const { MATRIX_HOMESERVER: base, MATRIX_ACCESS_TOKEN: token } = process.env;
const ask = (path = "${WHOAMI}", init = {}) =>
  fetch(base + path, { ...init, headers: { authorization: "Bearer " + token } });
`;

async function withSession(machine: Machine, options: Parameters<Machine["homeserver"]>[0] = {}) {
  const server = await machine.homeserver(options);
  const path = await machine.addSession(server.existingSession, "bot");
  return { server, path };
}

interface ServeEvent {
  readonly event: string;
  readonly base_url?: string;
  readonly token_file?: string;
  readonly reachable?: boolean;
}

type Test = { readonly machine: Machine } & Pick<TestContext, "onTestFinished">;

/** `session serve`, whose events aren't those of a sign-in. */
function startServe(test: Test, args: readonly string[] = []) {
  return startProgram(test, [PROGRAM, "session", "serve", "--json", ...args]);
}

function startProgram({ machine, onTestFinished }: Test, args: readonly string[]) {
  const env = { PATH: process.env["PATH"], XDG_STATE_HOME: `${machine.folder}/state`, HOME: machine.folder };
  const serving = new EventProcess<ServeEvent>(
    process.execPath,
    args,
    (line) => JSON.parse(line) as ServeEvent,
    { env, cwd: machine.folder, stdin: "none" },
  );
  onTestFinished(() => serving.destroy());
  return serving;
}

async function readyOf(serving: EventProcess<ServeEvent>) {
  const { base_url = "", token_file = "" } = await serving.event("ready");
  return { baseUrl: new URL(base_url), token: (await readFile(token_file, "utf8")).trim(), token_file };
}

describe.concurrent("session run", () => {
  it("gives a program all that it needs, and ends as it does", async ({ machine }) => {
    const { server } = await withSession(machine);
    const script = `${ASK}
      const { MATRIX_USER_ID: user, MATRIX_DEVICE_ID: device, MINE, NO_PROXY } = process.env;
      ask().then((r) => r.json()).then((answer) => {
        console.log(JSON.stringify({ answer, user, device, same: MINE === token, base, NO_PROXY }));
        process.exitCode = 42;
      });`;
    const args = ["session", "run", "--env", "MINE=access_token", ...node(script)];
    const { code, stdout, stderr } = await machine.run(args, { env: { NO_PROXY: "x.example" } });
    expect(code, stderr).toBe(42);
    const { user_id, device_id } = server.existingSession;
    const told = JSON.parse(stdout) as { readonly base: string };
    expect(told).toMatchObject({
      answer: { user_id, device_id },
      ...{ user: user_id, device: device_id, same: true, NO_PROXY: "x.example,127.0.0.1" },
    });
    expect(told.base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(stderr).toContain(`served at ${told.base}`);
    expect(stderr).not.toContain(server.existingSession.access_token);
    expect(await machine.sessionFiles()).toEqual(["bot.json", "bot.token"]);
  });

  it("leaves standard output to the program, with --json and --events too", async ({ machine }) => {
    await withSession(machine);
    const script = 'process.stdout.write("out"); process.stderr.write("err\\n")';
    const json = await machine.run(["session", "run", "--json", ...node(script)]);
    expect([json.code, json.stdout]).toEqual([0, "out"]);
    const events = json.stderr.split("\n").filter((line) => line.startsWith("{"));
    expect(events.map((line) => (JSON.parse(line) as ServeEvent).event)).toEqual(["warning", "ready"]);

    const file = machine.path("events");
    await machine.run(["session", "run", "--json", "--events", file, ...node(script)]);
    expect((await readFile(file, "utf8")).split("\n").map((line) => line.slice(0, 17))).toEqual([
      '{"event":"warning',
      '{"event":"ready",',
      "",
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("starts it with the homeserver away, too", async ({ machine }) => {
    const { server } = await withSession(machine);
    await server.close();
    const script = `${ASK} ask().then((r) => { process.exitCode = r.status === 502 ? 3 : 4; });`;
    const { code, stderr } = await machine.run(["session", "run", ...node(script)]);
    expect(code, stderr).toBe(3);
    expect(stderr).toContain("can't be reached");
  });

  it.for([
    ["127 where there is no such command", ["--", "no-such-command-here"], 127],
    ["126 where it can't be run", ["--", "/"], 126],
    ["128 and the signal's number", node('process.kill(process.pid, "SIGKILL")'), 137],
    ["what the program ends with", node("process.exit(0)"), 0],
  ] as const)("ends with %s", async ([, command, code], { machine }) => {
    await withSession(machine);
    const end = await machine.run(["session", "run", ...command]);
    expect(end.code, end.stderr).toBe(code);
  });

  it("hands signals on, and waits for the program however many come", async ({ machine }) => {
    await withSession(machine);
    const script = `
      let count = 0;
      const log = (signal) => { console.log(signal); if (++count === 3) process.exit(5); };
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, log);
      setInterval(() => {}, 1000);
      console.log("up");`;
    const running = machine.start(["session", "run", ...node(script)], { stdin: "none" });
    for (const [signal, before] of [
      ["SIGTERM", "up"],
      ["SIGINT", "SIGTERM"],
      ["SIGHUP", "SIGINT"],
    ] as const) {
      await running.until(() => running.stdout.includes(before), before);
      running.kill(signal);
    }
    expect(await running.ended).toMatchObject({ code: 5, stdout: "up\nSIGTERM\nSIGINT\nSIGHUP\n" });
  });

  it("ends the program where the session is dead for good, with exit code 9", async ({ machine }) => {
    const { server } = await withSession(machine, { accessTokenLifetimeMs: 2_000 });
    const { refresh_token: token = "", oauth } = server.existingSession;
    const form = { token, client_id: oauth?.client_id ?? "" };
    await call(server.baseUrl, "POST /oauth2/revoke", { form });
    const script = `process.on("SIGTERM", () => { console.log("told"); process.exit(0); });
      setInterval(() => {}, 1000);`;
    const { code, stdout, stderr } = await machine.run(["session", "run", ...node(script)]);
    expect([code, stdout], stderr).toEqual([9, "told\n"]);
    expect(stderr).toMatch(/Error: .*no longer accepts.*session logout/s);
  });

  it("is bounded by --timeout where that is given", async ({ machine }) => {
    await withSession(machine);
    const args = ["session", "run", "--timeout", "1", ...node("setInterval(() => {}, 1000)")];
    const { code, stderr } = await machine.run(args);
    expect(code, stderr).toBe(4);
  });

  it("tells what is wrong before it starts anything", async ({ machine, onTestFinished }) => {
    const { code, stdout, stderr } = await machine.run(["session", "run", ...node('console.log("ran")')]);
    expect([code, stdout]).toEqual([9, ""]);
    expect(stderr).toContain("There is no session yet.");
    await withSession(machine);
    const port = await freePort();
    const server: Server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    const listen = ["--listen", `127.0.0.1:${port}`];
    const taken = await machine.run(["session", "run", ...listen, ...node('console.log("ran")')]);
    expect([taken.code, taken.stdout]).toEqual([9, ""]);
    expect(taken.stderr).toContain("another program listens there");
  });
});

describe.concurrent("session serve", () => {
  it("keeps port and token over a kill -9, through short lifetimes, under load", async ({
    machine,
    onTestFinished,
  }) => {
    const test = { machine, onTestFinished };
    const { server } = await withSession(machine, { accessTokenLifetimeMs: 1_500 });
    const port = await freePort();
    const listen = ["--listen", `127.0.0.1:${port}`];
    let serving = startServe(test, listen);
    const first = await readyOf(serving);
    expect(first.baseUrl.port).toBe(String(port));
    let isOver = false;
    const statuses = new Set<number>();
    const load = async () => {
      while (!isOver) {
        const { status } = await call(first.baseUrl, `GET ${WHOAMI}`, { token: first.token }).catch(() => ({
          status: 0,
        }));
        statuses.add(status);
      }
    };
    const loading = Promise.all([load(), load(), load()]);
    for (let kills = 0; kills < 3; kills++) {
      await serving.event("refreshed");
      serving.kill("SIGKILL");
      await serving.ended;
      serving = startServe(test, listen);
      const again = await readyOf(serving);
      expect([again.baseUrl.href, again.token]).toEqual([first.baseUrl.href, first.token]);
    }
    await serving.event("refreshed");
    isOver = true;
    await loading;
    // 0: nobody was there.
    expect([...statuses].filter((status) => ![0, 200].includes(status))).toEqual([]);
    expect((await call(first.baseUrl, `GET ${WHOAMI}`, { token: first.token })).status).toBe(200);
    expect(server.activeSessions()).toHaveLength(1);
    serving.kill("SIGTERM");
    expect((await serving.ended).code).toBe(143);
  });

  it("has its token in a file for its owner alone, which --new-token replaces", async ({
    machine,
    onTestFinished,
  }) => {
    const test = { machine, onTestFinished };
    await withSession(machine);
    const serving = startServe(test);
    const { token, token_file } = await readyOf(serving);
    expect((await stat(token_file)).mode & 0o777).toBe(0o600);
    serving.kill("SIGTERM");
    await serving.ended;
    const renewed = await readyOf(startServe(test, ["--new-token"]));
    expect(renewed.token).not.toBe(token);
    expect((await call(renewed.baseUrl, `GET ${WHOAMI}`, { token })).status).toBe(401);
    expect((await call(renewed.baseUrl, `GET ${WHOAMI}`, { token: renewed.token })).status).toBe(200);
  });

  it("leaves no copy of it after session logout, nor in an export", async ({ machine, onTestFinished }) => {
    const test = { machine, onTestFinished };
    const { path } = await withSession(machine);
    const serving = startServe(test);
    const { baseUrl, token } = await readyOf(serving);
    expect(await readFile(path, "utf8")).toContain(token);
    expect((await machine.run(["session", "export", "bot"])).stdout).not.toContain(token);
    expect((await machine.run(["session", "logout", "bot"])).code).toBe(0);
    expect(await machine.sessionFiles()).toEqual([]);
    const reply = await call(baseUrl, `GET ${WHOAMI}`, { token });
    expect([reply.status, reply.body["errcode"]]).toEqual([401, "M_UNKNOWN_TOKEN"]);
    serving.kill("SIGTERM");
    expect((await serving.ended).code).toBe(9);
  });

  it("signs the session out for good where --allow-logout lets the program", async ({
    machine,
    onTestFinished,
  }) => {
    const test = { machine, onTestFinished };
    const { server } = await withSession(machine);
    const serving = startServe(test, ["--allow-logout"]);
    const { baseUrl, token } = await readyOf(serving);
    expect((await call(baseUrl, "POST /_matrix/client/v3/logout", { token })).status).toBe(200);
    expect(server.activeSessions()).toEqual([]);
    expect(await machine.sessionFiles()).toEqual([]);
  });

  it("takes the socket that systemd has opened", async ({ machine, onTestFinished }) => {
    const test = { machine, onTestFinished };
    await withSession(machine);
    // Opens a socket as descriptor 3, as systemd does, and becomes the program.
    const opener = machine.path("opener.mjs");
    await writeFile(
      opener,
      `import { spawn } from "node:child_process";
       import { createServer } from "node:net";
       const server = createServer().listen(0, "127.0.0.1", () => {
         const stdio = ["ignore", "inherit", "inherit", server._handle.fd];
         const command = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"';
         const child = spawn("sh", ["-c", command, process.execPath, ...process.argv.slice(2)], { stdio });
         // systemd accepts no connections itself.
         server.close();
         process.on("SIGTERM", () => child.kill());
         child.on("exit", (code) => process.exit(code));
       });`,
    );
    const serving = startProgram(test, [opener, PROGRAM, "session", "serve", "--json"]);
    const { baseUrl, token } = await readyOf(serving);
    expect((await call(baseUrl, `GET ${WHOAMI}`, { token })).status).toBe(200);
    serving.kill("SIGTERM");
    expect((await serving.ended).code).toBe(143);
  });

  it("is stopped with nothing left listening", async ({ machine, onTestFinished }) => {
    const test = { machine, onTestFinished };
    await withSession(machine);
    const serving = startServe(test);
    const { baseUrl } = await readyOf(serving);
    serving.kill("SIGINT");
    expect((await serving.ended).code).toBe(130);
    await expect(fetch(baseUrl)).rejects.toThrow();
  });
});
