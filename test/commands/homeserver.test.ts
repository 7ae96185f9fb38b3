import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import { homeserver } from "../../src/commands/homeserver.js";
import type { HomeserverOptions } from "../../src/commands/options/homeserver.js";
import { Failure } from "../../src/foundation/failures.js";
import { failureOf } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeSynapse, futureEndpoint, SHARED_SECRET } from "../support/fake-synapse.js";
import { serve } from "../support/local-server.js";
import { machineWith } from "../support/sessions.js";

const DEFAULTS = {
  host: "127.0.0.1",
  timeout: 600,
  allowHttp: [],
  json: true,
} as const;

/** Runs the command until it is ready. */
async function run(options: Partial<HomeserverOptions>, stop = new AbortController(), env = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = {
    ...machineWith(env),
    stdin: process.stdin,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    clock: new FakeClock(),
    readPicture: async () => new Uint8Array(),
    signal: stop.signal,
  } satisfies CommandContext;
  const ended = homeserver({ ...DEFAULTS, ...options }, context);
  onTestFinished(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  const line = await Promise.race([
    new Promise<string>((resolve) => stdout.once("data", (chunk) => resolve(String(chunk)))),
    ended.then(() => ""),
  ]);
  const ready = JSON.parse(line) as {
    event: string;
    base_url: string;
    session: string;
    recovery_key_file: string;
  };
  return { ready, stdout, stderr, stop: () => stop.abort(new Failure("interrupted")), ended };
}

async function secretFile(text = `${SHARED_SECRET}\n`): Promise<string> {
  const path = join(await temporaryFolder(), "secret");
  await writeFile(path, text);
  return path;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "homeserver-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("the homeserver command", () => {
  it("runs until it is interrupted, which is its normal end", async () => {
    const { ready, stop, ended } = await run({});
    expect(ready.event).toBe("ready");
    const versions = new URL("_matrix/client/versions", ready.base_url);
    expect((await fetch(versions)).status).toBe(200);
    stop();
    await expect(ended).resolves.toBeUndefined();
    await expect(fetch(versions)).rejects.toThrow("fetch failed");
  });

  it("keeps the existing session in a file for this user alone, as long as it runs", async () => {
    const { ready, stop, ended } = await run({});
    expect((await stat(ready.session)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(ready.session))).mode & 0o777).toBe(0o700);
    const session = JSON.parse(await readFile(ready.session, "utf8"));
    expect(session.base_url).toBe(ready.base_url);
    const whoami = await fetch(new URL("_matrix/client/v3/account/whoami", ready.base_url), {
      headers: { authorization: `Bearer ${session.access_token}` },
    });
    expect(await whoami.json()).toMatchObject({ user_id: session.user_id, device_id: session.device_id });
    stop();
    await ended;
    await expect(stat(dirname(ready.session))).rejects.toThrow("ENOENT");
  });

  it("takes a name for its session as every command does, and tells the whole path", async () => {
    const folder = await temporaryFolder();
    const { ready } = await run({ session: "foo" }, new AbortController(), { XDG_STATE_HOME: folder });
    expect(ready.session).toBe(join(folder, "matrix-qr-login", "sessions", "foo.json"));
  });

  it("keeps the recovery key in a file for this user alone, as long as it runs", async () => {
    const { ready, stderr, stop, ended } = await run({});
    const { recovery_key_file: file } = ready;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect(text).toMatch(/^Es\S\S( \S{4}){11}\n$/);
    const introduction = String(stderr.read());
    expect(introduction).toContain(file);
    expect(introduction).not.toContain(text.trim());
    stop();
    await ended;
    await expect(stat(file)).rejects.toThrow("ENOENT");
  });

  it("tells a person the account and what to try next, and nothing of it on stdout", async () => {
    const { ready, stdout, stderr, stop, ended } = await run({});
    stop();
    await ended;
    const text = String(stderr.read());
    expect(text).toMatch(/password {4}[a-z-]{19}\n/);
    expect(text).toContain(` generate --homeserver ${ready.base_url} --qr-file /`);
    expect(text).toContain(` --session ${ready.session}`);
    expect(stdout.read()).toBeNull();
  });

  it("writes the session where it is told, over no other file, and removes its own alone", async () => {
    const folder = await temporaryFolder();
    const session = join(folder, "existing.json");
    const { ready, stop, ended } = await run({ session });
    expect(ready.session).toBe(session);
    stop();
    await ended;
    expect(await readdir(folder)).toEqual([]);

    const recoveryKey = `${session}.recovery-key`;
    await writeFile(recoveryKey, "precious");
    expect((await failureOf(() => run({ session }))).code).toBe("file_error");
    expect(await readdir(folder)).toEqual(["existing.json.recovery-key"]);
    expect(await readFile(recoveryKey, "utf8")).toBe("precious");

    await writeFile(session, "precious");
    const failure = await failureOf(() => run({ session }));
    expect(failure.code).toBe("session_exists");
    expect(await readFile(session, "utf8")).toBe("precious");
  });

  it("hands its options on, in seconds", async () => {
    const { ready } = await run({ rendezvousLifetime: 7, interval: 3, tokenTtl: 60 });
    const created = await fetch(new URL("_matrix/client/v1/rendezvous", ready.base_url), {
      method: "POST",
      body: '{"data":""}',
    });
    expect(await created.json()).toMatchObject({ expires_in_ms: 7000 });
  });

  it("does as Synapse does when told so", async () => {
    const { ready } = await run({ like: "synapse", rendezvousMode: "authenticated" });
    const discovered = await fetch(new URL("_matrix/client/v1/rendezvous", ready.base_url));
    expect(discovered.status).toBe(401);
  });

  it("makes the account that it is told to", async () => {
    const { ready } = await run({ user: "bot" });
    const session = JSON.parse(await readFile(ready.session, "utf8"));
    expect(session.user_id).toMatch(/^@bot:/);
  });

  it("says so where it can't listen", async () => {
    const { ready } = await run({});
    const port = Number(new URL(ready.base_url).port);
    const failure = await failureOf(() => run({ port }));
    expect(failure.code).toBe("usage_error");
    expect(failure.message).toContain("EADDRINUSE");
  });
});

describe("the homeserver command with a Synapse behind it", () => {
  it("tells clients of Synapse, and keeps the session of its account", async () => {
    const { port, endpoint } = await futureEndpoint();
    const synapse = await FakeSynapse.start({ endpoint, secret: SHARED_SECRET });
    onTestFinished(() => synapse.close());
    const options = { synapse: synapse.url.href, synapseSecretFile: await secretFile(), port };
    const { ready, stderr } = await run(options);
    expect(ready.base_url).toBe("https://matrix.example.org/");
    const session = JSON.parse(await readFile(ready.session, "utf8"));
    expect(session).toMatchObject({ user_id: "@alice:example.org", oauth: { issuer: endpoint.href } });
    const text = String(stderr.read());
    expect(text).toContain(`consent     ${endpoint.href}link`);
    expect(text).not.toContain(SHARED_SECRET);
  });

  const complete = { synapse: "http://127.0.0.1:8008/", synapseSecretFile: "secret", port: 8080 };
  it.each([
    ["no secret", { synapseSecretFile: undefined }, "--synapse-secret-file"],
    ["no port", { port: undefined }, "--port"],
    ["what is no base URL", { synapse: "http://127.0.0.1:8008/_matrix" }, "http://127.0.0.1:8008/_matrix"],
    ["a password in the URL", { publicUrl: "https://a:b@example.org/" }, "--public-url"],
    ["a policy for rendezvous sessions", { rendezvousMode: "off" }, "as Synapse's settings have them"],
    ["a lifetime of rendezvous sessions", { rendezvousLifetime: 7 }, "as Synapse's settings have them"],
    ["the ways of another server", { like: "tuwunel" }, "as Matrix Authentication Service does"],
    ["a Synapse on another machine", { synapse: "https://matrix.example.org/" }, "on another machine"],
  ] as const)("refuses %s", async (_, options, named) => {
    const given = { ...complete, synapseSecretFile: await secretFile(), ...options } as HomeserverOptions;
    const failure = await failureOf(() => run(given));
    expect(failure.code).toBe("usage_error");
    expect(failure.message).toContain(named);
  });

  it("asks one on another machine where that is allowed", async () => {
    const { port } = await futureEndpoint();
    // .invalid is never found (RFC 2606).
    const remote = { synapseSecretFile: await secretFile(), port, allowRemoteSynapse: true } as const;
    const overHttps = { ...remote, synapse: "https://synapse.invalid/" };
    const overHttp = { ...remote, synapse: "http://synapse.invalid/", allowHttp: ["synapse.invalid"] };
    for (const options of [overHttps, overHttp]) {
      expect((await failureOf(() => run(options))).code).toBe("network_error");
    }
  });

  it("tells one on another machine no secret in the clear", async () => {
    const synapseSecretFile = await secretFile();
    const remote = { synapse: "http://synapse.invalid/", port: 8080, allowRemoteSynapse: true } as const;
    const failure = await failureOf(() => run({ ...complete, ...remote, synapseSecretFile }));
    expect(failure.code).toBe("url_refused");
  });

  it("shows with --verbose what it asks Synapse, and no secret", async () => {
    const { port, endpoint } = await futureEndpoint();
    const synapse = await FakeSynapse.start({ endpoint, secret: SHARED_SECRET });
    onTestFinished(() => synapse.close());
    const options = { synapse: synapse.url.href, synapseSecretFile: await secretFile(), port };
    const { stderr } = await run({ ...options, verbose: true });
    const text = String(stderr.read());
    expect(text).toContain("/_synapse/mas/provision_user");
    expect(text).not.toContain(SHARED_SECRET);
  });

  it("ends at once when it is interrupted while Synapse says nothing", async () => {
    const stop = new AbortController();
    const { href } = await serve(() => stop.abort(new Failure("interrupted")));
    const { port } = await futureEndpoint();
    const options = { synapse: href, synapseSecretFile: await secretFile(), port };
    expect((await failureOf(() => run(options, stop))).code).toBe("interrupted");
  });

  it.each([
    ["an empty file", ""],
    ["two words", "two words"],
    ["too much", "x".repeat(5000)],
  ])("takes no secret from %s", async (_, text) => {
    const path = await secretFile(text);
    const failure = await failureOf(() => run({ ...complete, synapseSecretFile: path }));
    expect(failure.code).toBe("file_error");
    expect(failure.message).toContain(path);
  });
});
