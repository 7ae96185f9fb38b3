import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { ChannelVersion, Intent, LoginEvent } from "../../src/foundation/events.js";
import { judge, VERIFIED } from "../faults/judge.js";
import { newSessionPath, signIn } from "../faults/sign-in.js";
import { FaultyWorld, type Sent } from "../faults/world.js";
// The clock waits for files too.
import "../faults/setup.js";

/** A request on its way, with what was on disk of the new device by then, and what its sender had told. */
interface Seen extends Sent {
  readonly file: Readonly<Record<string, unknown>> | undefined;
  readonly told: readonly LoginEvent["event"][];
}

async function requestsOf(version: ChannelVersion, generator: Intent): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const world = await FaultyWorld.make((sent) => {
    const told = world.devices.get(sent.device)?.events.map(({ event }) => event) ?? [];
    seen.push({ ...sent, file: fileOf(world), told });
    return undefined;
  });
  const ends = await signIn(world, { version, generator });
  expect((await judge(world, ends)).outcome).toBe(VERIFIED);
  await world.close();
  return seen;
}

function fileOf(world: FaultyWorld): Seen["file"] {
  try {
    return JSON.parse(readFileSync(newSessionPath(world), "utf8"));
  } catch {
    return undefined;
  }
}

const RENDEZVOUS = /rendezvous\/ID$/;
const [TOKEN, WHOAMI, UPLOAD] = [/oauth2\/token$/, /whoami$/, /keys\/upload$/];
const WAYS = (["msc4388", "msc4108-2024"] as const).flatMap((version) =>
  (["new", "existing"] as const).map((generator) => [version, generator] as const),
);

/** What each device asks whichever way round it is. An existing device that has scanned sends `m.login.protocols` too. */
const NEEDED: Readonly<Record<Intent, readonly string[]>> = {
  new: [
    ...["GET auth_metadata", "GET versions", "POST registration", "POST device"],
    ...["PUT session", "PUT session", "PUT session", "DELETE session"],
    // Consent comes between the two.
    ...["POST token", "POST token", "GET whoami"],
    // What the secrets are held to, and whether the keys are there.
    ...["POST query", "GET version", "POST upload", "POST query"],
  ],
  existing: [
    ...["GET whoami", "GET auth_metadata", "POST query"],
    ...["PUT session", "PUT session", "PUT session"],
    // Whether the device ID is free, and whether the device is there.
    ...["GET device", "GET device"],
  ],
};
const MAKES_SESSION: Readonly<Record<ChannelVersion, readonly string[]>> = {
  msc4388: ["GET rendezvous", "POST rendezvous"],
  "msc4108-2024": ["POST rendezvous"],
};
/** By each device, at a round trip of 200 ms, with half a second until the code is typed and 1.5 s until consent. */
const MOST_LOOKS = 20;

function shortened(what: string): string {
  const [method, path = ""] = what.split(" ");
  const last = path.split("/").at(-1);
  if (last !== "ID") return `${method} ${last}`;
  return `${method} ${RENDEZVOUS.test(what) ? "session" : "device"}`;
}

describe.each(WAYS)("a sign-in over %s, code of the %s device", (version, generator) => {
  let all: readonly Seen[];
  beforeAll(async () => {
    all = await requestsOf(version, generator);
  });
  const of = (device: Intent) => all.filter((each) => each.device === device);
  const first = (device: Intent, what: RegExp) => of(device).findIndex((each) => what.test(each.what));
  const firstOf = (device: Intent, what: RegExp) => of(device)[first(device, what)];

  it("has a record on disk before it asks for tokens, and the tokens before it uses them", () => {
    expect(firstOf("new", TOKEN)?.file).toMatchObject({ state: "incomplete" });
    expect(firstOf("new", TOKEN)?.file).not.toHaveProperty("access_token");
    expect(firstOf("new", WHOAMI)?.file).toHaveProperty("access_token");
  });

  it("asks who it is before it says that it is signed in, and before anything else with its token", () => {
    const withToken = of("new").slice(of("new").findLastIndex(({ what }) => TOKEN.test(what)) + 1);
    expect(
      withToken.filter(({ what }) => !(what.startsWith("GET ") && RENDEZVOUS.test(what)))[0]?.what,
    ).toMatch(WHOAMI);
    const success = withToken.find(({ what }) => what.startsWith("PUT "));
    expect(success?.told).toContain("signed_in");
  });

  it("has checked the secrets, and has them on disk, before the keys are uploaded", () => {
    const upload = firstOf("new", UPLOAD);
    expect(upload?.file).toMatchObject({ state: "unconfirmed", secrets: expect.anything() });
    const before = of("new").slice(0, first("new", UPLOAD));
    expect(before.filter(({ what }) => /keys\/query$/.test(what))).toHaveLength(1);
    expect(of("new").at(-1)?.what).toMatch(/keys\/query$/);
  });

  it("asks nobody but the homeserver that its user named before the check code is confirmed, and starts nothing there", () => {
    const early = of("new").filter(({ told }) => !told.includes("secure_channel"));
    const asked = early.map(({ what }) => what).filter((what) => !what.includes("rendezvous"));
    const named = [
      "GET /_matrix/client/v1/auth_metadata",
      "GET /_matrix/client/versions",
      "POST /oauth2/registration",
    ];
    expect(asked).toEqual(generator === "new" ? named : []);
  });

  it("has met the other device before it registers a client", () => {
    const handshake = first("new", /^PUT /);
    expect(handshake).toBeGreaterThan(-1);
    expect(handshake).toBeLessThan(first("new", /registration$/));
  });

  it("lets the existing device check itself before it writes anything, and send secrets to a device it has seen", () => {
    const existing = of("existing");
    const checks = ["auth_metadata", "whoami", "keys/query"].map((end) =>
      existing.findIndex(({ what }) => what.endsWith(end)),
    );
    const writes = existing.flatMap(({ what }, at) => (what.startsWith("PUT ") ? [at] : []));
    for (const check of checks) expect(check).toBeLessThan(writes[0] ?? 0);
    expect(existing[writes.at(-1) ?? 0]?.told).toContain("device_online");
  });

  it("needs as many requests of each device as are written down, and not many looks", () => {
    for (const device of ["new", "existing"] as const) {
      const isLook = ({ what }: Sent) => what.startsWith("GET ") && RENDEZVOUS.test(what);
      const makesSession = device === generator ? MAKES_SESSION[version] : [];
      const protocols = device === "existing" && generator === "new" ? ["PUT session"] : [];
      const needed = [...NEEDED[device], ...makesSession, ...protocols].toSorted();
      const names = of(device)
        .filter((each) => !isLook(each))
        .map(({ what }) => shortened(what));
      expect(names.toSorted(), device).toEqual(needed);
      expect(of(device).filter(isLook).length).toBeLessThanOrEqual(MOST_LOOKS);
    }
  });
});
