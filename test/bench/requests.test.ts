import { expect, it } from "vitest";
import { mostInASecond, refusedByTuwunel, rendezvousRequests, TUWUNEL } from "./requests.js";

const every = (ms: number, count: number) => Array.from({ length: count }, (_, at) => ({ at: at * ms }));

it("finds the busiest second, wherever it begins", () => {
  expect(mostInASecond([])).toBe(0);
  expect(mostInASecond([0, 900, 1_000, 1_800, 1_899, 2_500].map((at) => ({ at })))).toBe(4);
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
