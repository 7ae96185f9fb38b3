import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Delayed, startDelayLine } from "./delay-line.js";

/** One direction of a connection that was opened at 0, on a clock that the test sets. */
function direction(notBefore: number) {
  const clock = { now: 0 };
  return { clock, delayed: new Delayed(50, notBefore, () => clock.now) };
}

it("has the first bytes of a connection wait for its handshake", () => {
  const { clock, delayed } = direction(100);
  expect(delayed.wait()).toBe(150);
  clock.now = 30;
  expect(delayed.wait()).toBe(120);
});

it("has what is sent later wait for half of the round trip", () => {
  const { clock, delayed } = direction(100);
  clock.now = 400;
  expect(delayed.wait()).toBe(50);
});

it("hands on all that comes, in its order, and the end", async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  onTestFinished(() => {
    echo.close();
  });
  await new Promise((resolve) => echo.once("listening", resolve));
  const { port } = echo.address() as { readonly port: number };
  const line = await startDelayLine(port, 2);
  onTestFinished(() => line.close());

  const { connect } = await import("node:net");
  const client = connect(line.port, "127.0.0.1");
  for (const piece of ["a", "b", "c"]) client.write(piece);
  client.end("d");
  let heard = "";
  for await (const chunk of client) heard += chunk;
  expect(heard).toBe("abcd");
});
