import { expect, it } from "vitest";
import { whileAsking } from "../../src/protocol/while-asking.js";

const { signal } = new AbortController();

/** A question that nobody answers: it ends by its signal, a turn later. */
function unanswered() {
  const asked = { isOver: false };
  const ask = (given: AbortSignal) =>
    new Promise<never>((_, reject) => {
      given.addEventListener("abort", () => {
        setImmediate(() => {
          asked.isOver = true;
          reject(given.reason);
        });
      });
    });
  return { asked, ask };
}

it("gives what the work gives, and waits for no answer", async () => {
  const { asked, ask } = unanswered();
  expect(await whileAsking(ask, async () => "done", signal)).toBe("done");
  expect(asked.isOver).toBe(false);
});

it("takes no notice of a question that fails", async () => {
  const fails = () => Promise.reject(new Error("no answer"));
  expect(await whileAsking(fails, async () => "done", signal)).toBe("done");
});

it("ends the question where the work fails, and has it over before that is told", async () => {
  const { asked, ask } = unanswered();
  const failure = new Error("no use");
  await expect(whileAsking(ask, () => Promise.reject(failure), signal)).rejects.toBe(failure);
  expect(asked.isOver).toBe(true);
});

it("ends the question with the signal too", async () => {
  const stop = new AbortController();
  const { asked, ask } = unanswered();
  await whileAsking(ask, async () => "done", stop.signal);
  stop.abort();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked.isOver).toBe(true);
});
