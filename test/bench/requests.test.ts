import { expect, it } from "vitest";
import { busiestRate, refusedByTuwunel, rendezvousRequests, TUWUNEL } from "./requests.js";

const every = (ms: number, count: number) => Array.from({ length: count }, (_, at) => ({ at: at * ms }));

it("finds the busiest ten seconds after the first twenty requests", () => {
  expect(busiestRate(every(1, 20))).toBe(0);
  expect(busiestRate(every(1, 120))).toBe(10);
  expect(busiestRate([...every(1_000, 20), ...every(100, 300).map(({ at }) => ({ at: at + 60_000 }))])).toBe(
    10,
  );
});

it("knows what Tuwunel would refuse: what is beyond its burst and its rate", () => {
  const interval = 1_000 / TUWUNEL.perSecond;
  expect(refusedByTuwunel(every(0, TUWUNEL.burst))).toBe(0);
  expect(refusedByTuwunel(every(0, TUWUNEL.burst + 3))).toBe(3);
  expect(refusedByTuwunel(every(interval, 500))).toBe(0);
});

it("counts the requests to rendezvous sessions of both versions", () => {
  const paths = [
    "/_rendezvous/1",
    "/_matrix/client/unstable/io.element.msc4388/rendezvous/1",
    "/oauth2/token",
  ];
  expect(rendezvousRequests(paths.map((path) => ({ at: 0, path })))).toHaveLength(2);
});
