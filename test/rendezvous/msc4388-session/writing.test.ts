import { describe, expect, it } from "vitest";
import { expectFailure } from "../../support/failures.js";
import {
  boundTo,
  CONFLICT,
  created,
  GET,
  GONE,
  joined,
  PUT,
  signal,
  slot,
  written,
} from "../../support/msc4388-world.js";

describe("the sequence tokens", () => {
  it("of G's first message to open is the POST's, and of its answer that of the GET", async () => {
    const { session } = await created({ [GET]: slot("LoginInitiate", "t1") });
    expect(session.additionalData).toEqual(boundTo("t0"));
    const { sealedWith } = await session.waitForChange("person", signal);
    expect(sealedWith).toEqual([boundTo("t0")]);
    expect(session.additionalData).toEqual(boundTo("t1"));
  });

  it("of a message is that of our last write, taken before it came; else the one that was seen last", async () => {
    const { session, http } = await joined({ [PUT]: written("t1"), [GET]: slot("LoginOk", "t2") });
    await session.write("LoginInitiate", signal);
    expect(JSON.parse(http.last(PUT).body ?? "")).toEqual({ sequence_token: "t0", data: "LoginInitiate" });
    expect(session.additionalData).toEqual(boundTo("t0"));
    expect((await session.waitForChange("machine", signal)).sealedWith).toEqual([
      boundTo("t1"),
      boundTo("t0"),
    ]);
    expect(session.additionalData).toEqual(boundTo("t2"));

    http.on(GET, slot("again", "t3"));
    expect((await session.waitForChange("machine", signal)).sealedWith).toEqual([
      boundTo("t1"),
      boundTo("t2"),
    ]);
  });

  it("of a write is that of the last GET, whatever was written since", async () => {
    const { session, http } = await joined({ [PUT]: [written("t1"), written("t2")] });
    await session.write("one", signal);
    await session.write("two", signal);
    expect(JSON.parse(http.last(PUT).body ?? "")).toEqual({ sequence_token: "t0", data: "two" });
  });
});

describe("a write that is refused with 409", () => {
  it("is done where our own data is there, and its token counts as written", async () => {
    const { session, http, clock } = await joined({
      [PUT]: { ...CONFLICT, repeatedAfterLoss: true },
      [GET]: slot("mine", "t1"),
    });
    expect(await session.write("mine", signal)).toEqual({ written: true });
    http.on(GET, [slot("mine", "t1"), slot("reply", "t2")]);
    const reply = await clock.runUntil(session.waitForChange("machine", signal));
    expect(reply).toEqual({ data: "reply", sealedWith: [boundTo("t1"), boundTo("t0")] });
  });

  it("gives what is there instead, to be opened with the token that was seen last", async () => {
    const { session } = await created({
      [PUT]: [written("t2"), CONFLICT],
      [GET]: [slot("first", "t1"), slot("theirs", "t3")],
    });
    await session.waitForChange("person", signal);
    await session.write("answer", signal);
    expect(await session.write("mine", signal)).toEqual({
      written: false,
      found: { data: "theirs", sealedWith: [boundTo("t1"), boundTo("t2")] },
      mayHaveBeenRead: false,
    });
  });

  it("may have been read where an answer was lost before", async () => {
    const { session } = await joined({
      [PUT]: { ...CONFLICT, repeatedAfterLoss: true },
      [GET]: slot("reply", "t2"),
    });
    expect(await session.write("mine", signal)).toMatchObject({ written: false, mayHaveBeenRead: true });
  });

  it("is of no use where the session is gone by then", async () => {
    const { session } = await joined({ [PUT]: CONFLICT, [GET]: GONE });
    await expectFailure("rendezvous_gone", () => session.write("mine", signal));
  });
});

describe("a write that is refused otherwise", () => {
  it.each([
    ["is gone", GONE, "rendezvous_gone"],
    ["takes no such payload", { status: 413, json: { errcode: "M_TOO_LARGE" } }, "server_error"],
    ["answers without a token", { json: {} }, "server_error"],
  ] as const)("fails: the session %s", async (_what, reply, code) => {
    const { session } = await joined({ [PUT]: reply });
    await expectFailure(code, () => session.write("mine", signal));
  });

  it("may have been read where the session is gone and an answer was lost before", async () => {
    const { session } = await joined({ [PUT]: { ...GONE, repeatedAfterLoss: true } });
    const failure = await expectFailure("delivery_unknown", () => session.write("mine", signal));
    expect(failure.kind).toBe("network");
  });

  it("isn't sent after the session's time is over", async () => {
    const { session, clock, http } = await joined({ [PUT]: written("t1") });
    await clock.advance(120_000);
    await expectFailure("rendezvous_expired", () => session.write("mine", signal));
    expect(http.log).toEqual([]);
  });
});
