import { describe, expect, it } from "vitest";
import type { FailureEvent } from "../../src/foundation/events.js";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { describe as describeEvent } from "../../src/ui/describe.js";
import { describeFailure } from "../../src/ui/describe-end.js";
import { OPENING, type Scene } from "../../src/ui/scene.js";
import { asExisting, asNew, texts } from "./described.js";
import { EXAMPLES } from "./event-examples.js";

const { message } = FAILURES.timed_out;
const TIMED_OUT: FailureEvent = {
  event: "failure",
  code: "timed_out",
  message,
  exit_code: 4,
  cleanup: "none",
};
const SHOWN: Scene = { ...OPENING, reached: "started", shown: ["msc4388"] };

const firstLine = (scene: Scene) => describeFailure(TIMED_OUT, scene)[0]?.text;

describe("a run whose time is over", () => {
  it("says that nobody scanned the code", () => {
    expect(firstLine(SHOWN)).toBe(
      "Error: Too late: nobody scanned the code in the time that was set for it.",
    );
  });

  it("says that the sign-in wasn't approved", () => {
    const told = "Error: Too late: the sign-in wasn't approved in the time that was set for it.";
    expect(firstLine({ ...SHOWN, reached: "page", askedForCode: true })).toBe(told);
  });

  it.each<[string, Scene]>([
    ["a check code is typed", { ...SHOWN, askedForCode: true }],
    ["a check code is on show", { ...SHOWN, checkCode: "42" }],
    ["there is no code of its own", { ...SHOWN, shown: [] }],
    ["there is no sign-in", OPENING],
    ["a device is signed in", { ...SHOWN, reached: "signed_in" }],
  ])("blames nobody where %s", (_where, scene) => {
    expect(firstLine(scene)).toBe(`Error: ${message}`);
  });
});

describe("the end in words", () => {
  it.each<[string, Scene, string | undefined]>([
    ["before anything was signed in", { ...asNew, reached: "started" }, "Nothing was signed in."],
    ["on the new device, while it was not approved", { ...asNew, reached: "page" }, "Nothing was signed in."],
    [
      "on the existing device once there was a page",
      { ...asExisting, reached: "page" },
      "Look on the new device whether it was signed in: it should say that it wasn't.",
    ],
    ["where it can't be told", { ...asExisting, reached: "signed_in" }, undefined],
  ])("says after a failure what became of the sign-in, %s", (_when, scene, text) => {
    const lines = texts({ ...EXAMPLES.failure, code: "rendezvous_gone" }, scene);
    const sentences = lines.filter((line) => /signed in/.test(line));
    expect(sentences).toEqual(text === undefined ? [] : [text]);
  });

  it("calls no error what somebody wanted", () => {
    const message = "Cancelled. Nothing was signed in.";
    const { hint: _, ...failure } = EXAMPLES.failure;
    const scene: Scene = { ...asNew, reached: "started" };
    const lines = texts({ ...failure, code: "user_cancelled", message }, scene);
    expect(lines.filter((line) => !line.startsWith("More: "))).toEqual([message]);
  });

  it.each(["interrupted", "usage_error", "of_another_release"])("promises no more about %s", (code) => {
    expect(texts({ ...EXAMPLES.failure, code }).filter((line) => line.startsWith("More: "))).toEqual([]);
  });

  it("names no session that is gone by then", () => {
    expect(texts(EXAMPLES.done, { ...asNew, commands: undefined })).toEqual([
      "Done: @bot:example.org is signed in and verified here, as device ABCDEFGHIJ.",
    ]);
  });

  it("tells the existing device's success as what it knows: that the keys were sent", () => {
    const event = { event: "done", role: "existing", user_id: "@me:example.org", device_id: "ABC" } as const;
    expect(texts(event, asExisting)).toEqual([
      "Done here: device ABC of @me:example.org is signed in, and was sent your keys.",
      "Whether it has read them, and is verified, only that device can say: look there.",
    ]);
  });

  it.each<[FailureEvent["cleanup"], string]>([
    ["revoked", "Undone: device ABC was signed out again, and nothing of the sign-in was kept."],
    ["pending", "Left behind: device ABC is still signed in, as that could not be undone."],
    ["impossible", "Left behind: device ABC may be signed in, and that can't be undone from here."],
  ])("says what stays behind when cleaning up is %s", (cleanup, text) => {
    const lines = texts({ ...EXAMPLES.failure, cleanup, device_id: "ABC", session: "/tmp/s.json" });
    expect(lines).toContain(text);
    expect(lines.at(-1)).toBe("Session file: /tmp/s.json");
  });

  it("ends all waiting with the last event, and keeps it through what happens beside", () => {
    expect(describeEvent(EXAMPLES.done, asNew).wait).toBeNull();
    expect(describeEvent(EXAMPLES.failure, asNew).wait).toBeNull();
    expect(describeEvent(EXAMPLES.warning, asNew).wait).toBeUndefined();
  });
});

describe("a sign-in that leaves the device keys to another client", () => {
  it("says what is next instead of that it is verified", () => {
    const { done } = EXAMPLES;
    expect(texts({ ...done, verified: false, device_keys: "deferred" })).toEqual([
      "Done: @bot:example.org is signed in here, as device ABCDEFGHIJ. Its device keys are left to another client.",
      "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
      "Next, start that client on the session; then verify its device:",
      "matrix-qr-login session sign-device /home/me/.local/state/matrix-qr-login/bot.json",
    ]);
  });
});
