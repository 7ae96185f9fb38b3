import { describe, expect, it } from "vitest";
import type { Pace } from "../../src/protocol/rendezvous-session.js";
import { budgetOf, Pauses, pollPauses, RequestBudget, shortestPause } from "../../src/rendezvous/polling.js";
import { FakeHttp } from "../support/fake-http.js";

function pauses(pace: Pace, count: number): number[] {
  const generator = pollPauses(pace);
  return Array.from({ length: count }, () => generator.next().value);
}

describe("the pauses between two polls", () => {
  it("are short at first, also where a person has to do something, and ever longer up to a second", () => {
    for (const pace of ["person", "machine"] as const) {
      const all = pauses(pace, 40).slice(1);
      expect(all).toEqual(all.toSorted((a, b) => a - b));
      expect(all.slice(-10)).toEqual(Array(10).fill(1000));
    }
    expect(pauses("person", 5)).toEqual([100, 125, 156, 195, 244]);
  });

  it("stay short for longer where a machine is about to answer", () => {
    expect(pauses("machine", 6).slice(1)).toEqual([100, 110, 121, 133, 146]);
  });

  it("begin no sooner than anybody could have scanned a code", () => {
    expect(pauses("scanner", 4)).toEqual([200, 100, 125, 156]);
  });

  it("are no two alike where devices answer each other, lest both look just before the other one writes", () => {
    expect(pauses("machine", 3)).toEqual([125, 100, 110]);
  });

  it("are a second each but the first where nothing is to come", () => {
    expect(pauses("nobody", 4)).toEqual([100, 1000, 1000, 1000]);
  });

  it("are 100 ms at least, and a third of that on this machine itself", () => {
    expect(shortestPause(new URL("https://matrix.example.org/"))).toBe(100);
    expect(shortestPause(new URL("http://homeserver:8008/"))).toBe(100);
    expect(shortestPause(new URL("http://127.0.0.1:8008/"))).toBe(32);
    expect(pollPauses("person", 32).next().value).toBe(32);
  });

  it("start anew with each wait", () => {
    pauses("machine", 10);
    expect(pauses("machine", 1)).toEqual([125]);
  });
});

describe("the pauses of a wait whose polls are answered 429", () => {
  it("grow up to 8 s, and become shorter again step by step", () => {
    const wait = new Pauses("nobody");
    wait.next();
    expect(Array.from({ length: 5 }, () => wait.after429(0))).toEqual([1000, 2000, 4000, 8000, 8000]);
    expect(Array.from({ length: 4 }, () => wait.next())).toEqual([4000, 2000, 1000, 1000]);
  });

  it("are as long as the server asks", () => {
    const wait = new Pauses("machine");
    expect(wait.after429(30_000)).toBe(30_000);
    expect(wait.after429(0)).toBe(2000);
  });
});

describe("the budget of a device", () => {
  it("is twelve requests at once, then four a second", () => {
    const budget = new RequestBudget();
    for (let request = 0; request < 12; request++) {
      expect(budget.waitMs(0)).toBe(0);
      budget.spend(0);
    }
    expect(budget.waitMs(0)).toBe(250);
    expect(budget.waitMs(250)).toBe(0);
  });

  it("is paid back by polls for writes that couldn't wait", () => {
    const budget = new RequestBudget();
    for (let write = 0; write < 20; write++) budget.spend(0);
    expect(budget.waitMs(0)).toBeGreaterThanOrEqual(2000);
  });

  it("is shared by all sessions that are asked for by one client, and by no other's", () => {
    const [http, other] = [new FakeHttp(), new FakeHttp()];
    expect(budgetOf(http)).toBe(budgetOf(http));
    expect(budgetOf(http)).not.toBe(budgetOf(other));
  });
});
