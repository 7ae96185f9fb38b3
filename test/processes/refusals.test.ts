import { describe, expect } from "vitest";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import type { FailureCode } from "../../src/foundation/failures.js";
import { call, field } from "../support/dev-homeserver.js";
import { expectFailureOf, expectNothingLeft } from "../support/failed-runs.js";
import { it, type Machine } from "../support/machine.js";
import { strayCode } from "../support/qr-samples.js";
import { fullSessionJson } from "../support/sessions.js";

/** What the homeserver, or the lack of one, makes of a single device. */

interface Row {
  readonly name: string;
  readonly homeserver?: DevHomeserverOptions;
  readonly args: (server: DevHomeserver, machine: Machine) => readonly string[];
  readonly code: FailureCode;
  readonly given?: (server: DevHomeserver, machine: Machine) => Promise<unknown>;
}

const asNew = ({ baseUrl }: DevHomeserver) => [
  ...["generate", "--homeserver", baseUrl.href, "--check-code", "stdin", "--session", "new"],
];
const asExisting = () => [
  ...["generate", "--as", "existing", "--session", "existing", "--check-code", "stdin"],
  ...["--yes", "--no-browser"],
];
const scanning = (as: "new" | "existing") => (server: DevHomeserver) => {
  const code = strayCode(as === "new" ? "existing" : "new", server.baseUrl.href).toString("base64");
  return as === "new"
    ? ["scan", code, "--as", "new", "--session", "new", "--homeserver", server.baseUrl.href]
    : ["scan", code, "--session", "existing", "--yes", "--no-browser"];
};

const ROWS: readonly Row[] = [
  {
    name: "a network that is down, tried for 10 s",
    args: asNew,
    code: "network_error",
    given: (server) => server.close(),
  },
  {
    name: "a rendezvous session that is no more, to a new device",
    args: scanning("new"),
    code: "rendezvous_expired",
  },
  {
    name: "a rendezvous session that is no more, to an existing device",
    args: scanning("existing"),
    code: "rendezvous_expired",
  },
  {
    name: "a homeserver without rendezvous sessions, to a new device",
    homeserver: { rendezvous: "off" },
    args: asNew,
    code: "homeserver_without_rendezvous",
  },
  {
    name: "a homeserver without rendezvous sessions, to an existing device",
    homeserver: { rendezvous: "off" },
    args: asExisting,
    code: "homeserver_without_rendezvous",
  },
  {
    name: "rendezvous sessions for those who are signed in, to a new device",
    homeserver: { rendezvous: "authenticated" },
    args: asNew,
    code: "homeserver_without_rendezvous",
  },
  {
    name: "a homeserver without the 2024 version, where that is asked for",
    args: (server) => [...asNew(server), "--channel", "msc4108-2024"],
    code: "homeserver_without_rendezvous",
  },
  {
    name: "a homeserver without OAuth",
    homeserver: { oauth: false },
    args: asExisting,
    code: "homeserver_without_oauth",
  },
  {
    name: "a homeserver without the device authorization grant",
    homeserver: { deviceGrant: false },
    args: asExisting,
    code: "homeserver_without_device_grant",
  },
  {
    name: "an account without cross-signing keys",
    args: asExisting,
    code: "cross_signing_missing",
    given: async (server) => server.removeCrossSigning(),
  },
  {
    name: "secrets of other keys than the account's",
    args: asExisting,
    code: "secrets_mismatch",
    given: (server, machine) =>
      machine.addSession({ ...server.existingSession, secrets: fullSessionJson().secrets }),
  },
  {
    name: "a session of another user than it says",
    args: asExisting,
    code: "unexpected_user",
    given: (server, machine) =>
      machine.addSession({ ...server.existingSession, user_id: `@bob:${server.serverName}` }),
  },
  {
    name: "an expected user whose server is no homeserver",
    homeserver: { intercept: () => ({ when: "before", answer: { status: 404, body: "{}" } }) },
    args: (server) => [...asNew(server), "--expect-user", server.account.userId],
    code: "expected_user_unresolvable",
  },
  {
    name: "a picture of the code that can't be written",
    args: (server) => [...asNew(server), "--qr-file", "no/such/folder/qr.png"],
    code: "file_error",
  },
  {
    name: "a second in which nobody scans",
    args: (server) => [...asNew(server), "--timeout", "1"],
    code: "timed_out",
  },
  {
    name: "an answer without meaning",
    homeserver: {
      intercept: ({ path }) =>
        path.endsWith("/whoami") ? { when: "before", answer: { status: 200, body: "{}" } } : undefined,
    },
    args: asExisting,
    code: "server_error",
  },
];

describe.concurrent("a single device fails, and leaves nothing behind, by", () => {
  it("a QR code that names a server on this machine, where the user has none", async ({ machine }) => {
    const asked: string[] = [];
    const server = await machine.homeserver({
      intercept: ({ path }) => {
        asked.push(path);
        return undefined;
      },
    });
    const code = strayCode("existing", server.baseUrl.href).toString("base64");
    const run = machine.start(["scan", code, "--as", "new", "--session", "new", "--json"], { stdin: "none" });
    const { message } = await expectFailureOf(run, "url_refused");
    expect(message).toMatch(/it is on this machine/);
    expect(asked).toEqual([]);
    expect(await machine.sessionFiles()).toEqual([]);
  });

  it.for(ROWS.map((row) => [row.name, row] as const))("%s", async ([, row], { machine }) => {
    const { homeserver, args, code, given } = row;
    const server = await machine.homeserver(homeserver);
    await machine.addSession(server.existingSession);
    await given?.(server, machine);
    const run = machine.start([...args(server, machine), "--json"], { stdin: "none" });
    expect((await expectFailureOf(run, code)).cleanup).toBe("none");
    await expectNothingLeft(machine, server);
  });

  it("a homeserver with nothing but errors, repeated for 10 s", async ({ machine }) => {
    const error = { when: "before", answer: { status: 500, body: "{}" } } as const;
    const server = await machine.homeserver({ intercept: () => error });
    const run = machine.start([...asNew(server), "--json"], { stdin: "none" });
    expect((await run.ended).code).toBe(7);
    // The last answer may come too late to count.
    expect(run.lastEvent).toMatchObject({ code: expect.stringMatching(/^(server|network)_error$/) });
  });

  it("a session that was signed out elsewhere", async ({ machine }) => {
    const server = await machine.homeserver();
    const { existingSession: session, baseUrl } = server;
    await machine.addSession(session);
    const form = { token: session.refresh_token ?? "", client_id: session.oauth?.client_id ?? "" };
    expect((await call(baseUrl, "POST /oauth2/revoke", { form })).status).toBe(200);
    await expectFailureOf(machine.start([...asExisting(), "--json"], { stdin: "none" }), "session_dead");
    expect(server.liveRendezvousSessions()).toEqual([]);
  });

  it("a QR code that somebody has scanned before", async ({ machine }) => {
    const server = await machine.homeserver();
    await machine.addSession(server.existingSession);
    const made = await call(server.baseUrl, "POST /_matrix/client/v1/rendezvous", { json: { data: "x" } });
    const code = strayCode("existing", server.baseUrl.href, field(made, "id")).toString("base64");
    const args = ["scan", code, "--as", "new", "--session", "new", "--homeserver", server.baseUrl.href];
    const run = machine.start([...args, "--json"], { stdin: "none" });
    await expectFailureOf(run, "concurrent_write");
  });
});
