import { describe, expect, it } from "vitest";
import type { FailureEvent } from "../../src/foundation/events.js";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { describeFailure } from "../../src/ui/describe-end.js";
import { OPENING, type Scene } from "../../src/ui/scene.js";

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
