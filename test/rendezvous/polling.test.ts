import { describe, expect, it } from "vitest";
import type { Pace } from "../../src/protocol/rendezvous-session.js";
import { pollPauses } from "../../src/rendezvous/polling.js";

function pauses(pace: Pace, count: number): number[] {
  const generator = pollPauses(pace);
  return Array.from({ length: count }, () => generator.next().value);
}

describe("the pauses between two polls", () => {
  it("are a second each where a person has to do something", () => {
    expect(pauses("person", 5)).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  it("are short at first where a machine is about to answer, and ever longer up to a second", () => {
    const machine = pauses("machine", 30);
    expect(machine.slice(0, 5)).toEqual([50, 63, 78, 98, 122]);
    expect(machine).toEqual(machine.toSorted((a, b) => a - b));
    expect(machine.slice(-10)).toEqual(Array(10).fill(1000));
  });

  it("start anew with each wait", () => {
    pauses("machine", 10);
    expect(pauses("machine", 1)).toEqual([50]);
  });
});
