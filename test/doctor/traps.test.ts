import { describe, expect, it } from "vitest";
import type { Check } from "../../src/doctor/findings.js";
import { TRAPS } from "../../src/doctor/traps.js";
import type { TransportAnswer, TransportRequest } from "../../src/network/transport.js";
import { answer } from "../support/fake-transport.js";
import { type DeploymentOptions, MemoryDeployment } from "../support/memory-deployment.js";

const BOTH = { msc4388: "open", msc4108: true } as const;
const CHECKS = ["rendezvous_msc4388", "rendezvous_msc4108_2024"] as const;

/** What is asked of a session, and not of the API that makes them. */
function isOfSession({ url }: TransportRequest): boolean {
  return /rendezvous\/[^/]+$/.test(url.pathname);
}

function withEtag(given: TransportAnswer, change: (etag: string) => string | undefined): TransportAnswer {
  const { etag, ...headers } = given.headers;
  const changed = etag === undefined ? undefined : change(etag);
  return { ...given, headers: { ...headers, ...(changed === undefined ? {} : { etag: changed }) } };
}

async function findingsOf(options: DeploymentOptions) {
  const deployment = new MemoryDeployment({ ...BOTH, ...options });
  const { finding, verdict } = await deployment.diagnose();
  return { deployment, verdict, finding };
}

it("what a deployment does to a sign-in is said without the protocol's words", () => {
  for (const { message } of Object.values(TRAPS)) expect(message).not.toMatch(/rendezvous|MSC|session/i);
});

describe("a trial of rendezvous sessions", () => {
  it("finds nothing amiss in one process without a proxy, and leaves nothing behind", async () => {
    const { deployment, finding } = await findingsOf({});
    for (const check of CHECKS) {
      expect(finding(check).state).toBe("ok");
      expect(finding(check)).not.toHaveProperty("trap");
    }
    expect(deployment.live).toBe(0);
  });

  it("sends each request over a connection of its own", async () => {
    const { deployment } = await findingsOf({});
    const asked = deployment.requests.filter(({ url }) => url.pathname.includes("rendezvous"));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.every(({ ownConnection }) => ownConnection === true)).toBe(true);
  });

  it.each(CHECKS)("finds that several processes answer, each with its own: %s", async (check) => {
    const { deployment, finding, verdict } = await findingsOf({ processes: 2 });
    expect(finding(check)).toMatchObject({
      state: "missing",
      trap: "split",
      setting: TRAPS.split.remedy,
      failed: expect.arrayContaining(["read"]),
    });
    expect(verdict).toMatchObject({ new_device_generates: [], apps: false, sign_in: true });
    expect(deployment.live).toBe(0);
  });

  it.each(CHECKS)("finds that a proxy doesn't pass their path on: %s", async (check) => {
    const { finding } = await findingsOf({
      proxy: (request, forward) => (isOfSession(request) ? answer(404, "not found") : forward(request)),
    });
    expect(finding(check)).toMatchObject({
      state: "missing",
      trap: "not_found",
      failed: ["read", "write", "read_written", "delete"],
    });
  });

  it.each(CHECKS)("finds that answers are kept by a cache: %s", async (check) => {
    const kept = new Map<string, TransportAnswer>();
    const { finding } = await findingsOf({
      proxy(request, forward) {
        if (request.method !== "GET" || !isOfSession(request)) return forward(request);
        const given = kept.get(request.url.href) ?? forward(request);
        kept.set(request.url.href, given);
        return given;
      },
    });
    expect(finding(check)).toMatchObject({
      state: "missing",
      trap: "cached",
      failed: ["read_written", "read_deleted"],
    });
  });

  it.each([
    ["removes", () => undefined],
    ["weakens", (etag: string) => `W/${etag}`],
  ] as const)("finds that a proxy %s ETags, which only the 2024 version needs", async (_what, change) => {
    const { finding, verdict, deployment } = await findingsOf({
      proxy: (request, forward) => withEtag(forward(request), change),
    });
    expect(finding("rendezvous_msc4108_2024")).toMatchObject({ state: "missing", trap: "etags_changed" });
    expect(finding("rendezvous_msc4388").state).toBe("ok");
    expect(verdict.new_device_generates).toEqual(["msc4388"]);
    expect(deployment.live).toBe(0);
  });

  it("finds that a proxy gives each answer an ETag of its own", async () => {
    let answers = 0;
    const { finding } = await findingsOf({
      proxy: (request, forward) => withEtag(forward(request), () => `"${answers++}"`),
    });
    expect(finding("rendezvous_msc4108_2024")).toMatchObject({ state: "missing", trap: "etags_changed" });
  });

  it("finds that ETags are weak only for those who take compressed answers, as browsers do", async () => {
    const { finding, verdict } = await findingsOf({
      proxy(request, forward) {
        const given = forward(request);
        return request.headers["Accept-Encoding"] === "gzip" ? withEtag(given, (etag) => `W/${etag}`) : given;
      },
    });
    const { state, trap, message } = finding("rendezvous_msc4108_2024");
    expect([state, trap]).toEqual(["limited", "etags_weak_in_browsers"]);
    expect(message).toContain("browser");
    expect(verdict.new_device_generates).toEqual(["msc4388", "msc4108-2024"]);
    expect(verdict.apps).toBe(true);
  });

  it.each([
    ["PUT", "write_refused", "missing"],
    ["DELETE", "delete_refused", "limited"],
  ] as const)("finds that %s is refused", async (method, trap, state) => {
    const { finding } = await findingsOf({
      proxy: (request, forward) =>
        request.method === method && isOfSession(request) ? answer(405) : forward(request),
    });
    for (const check of CHECKS) expect(finding(check)).toMatchObject({ state, trap });
  });

  it.each<[Check, string]>([
    ["rendezvous_msc4388", "/io.element.msc4388/"],
    ["rendezvous_msc4108_2024", "/_rendezvous/"],
  ])("deletes the session though reading it fails: %s", async (check, part) => {
    const { finding, deployment } = await findingsOf({
      proxy: (request, forward) =>
        request.method === "GET" && request.url.pathname.includes(part) && isOfSession(request)
          ? answer(503)
          : forward(request),
    });
    expect(finding(check)).toMatchObject({ state: "missing", message: expect.stringContaining("503") });
    expect(deployment.live).toBe(0);
  });

  it("says that sessions which are announced, and refused to whoever asks, can't be made", async () => {
    const { finding } = await findingsOf({
      proxy: (request, forward) =>
        request.method === "POST" && request.url.pathname.includes("msc4388")
          ? answer(405)
          : forward(request),
    });
    expect(finding("rendezvous_msc4388")).toMatchObject({
      state: "missing",
      message: expect.stringContaining("405"),
    });
  });

  it("takes a session that is refused without a token for one of devices that are signed in", async () => {
    const { finding, verdict } = await findingsOf({
      proxy: (request, forward) =>
        request.method === "POST" && request.url.pathname.includes("msc4388")
          ? answer(403, { errcode: "M_FORBIDDEN" })
          : forward(request),
    });
    expect(finding("rendezvous_msc4388").state).toBe("limited");
    expect(verdict.existing_device_generates).toContain("msc4388");
  });
});
