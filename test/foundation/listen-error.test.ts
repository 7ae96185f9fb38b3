import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { describeListenError } from "../../src/foundation/listen-error.js";

it("a busy port is named, and who has it", async () => {
  const [first, second] = [createServer(), createServer()];
  onTestFinished(() => void first.close());
  first.listen(0, "127.0.0.1");
  await once(first, "listening");
  const { port } = first.address() as { readonly port: number };
  second.listen(port, "127.0.0.1");
  const [error] = await once(second, "error");
  expect(describeListenError(error)).toBe(
    `Can't listen on 127.0.0.1:${port}: another program listens there already (EADDRINUSE).`,
  );
});

it.each([
  [
    { code: "EACCES", address: "::1", port: 80 },
    "Can't listen on [::1]:80: only an administrator may use that port (EACCES).",
  ],
  [
    { code: "EADDRNOTAVAIL", address: "192.0.2.1", port: 8009 },
    "Can't listen on 192.0.2.1:8009: this machine doesn't have that address (EADDRNOTAVAIL).",
  ],
  [{ code: "ENOTFOUND", hostname: "no.such" }, "Can't listen on no.such: there is no such host (ENOTFOUND)."],
  [{ code: "EBADF" }, "Can't listen: the system doesn't allow it (EBADF)."],
])("%j is said in words", (error, sentence) => {
  expect(describeListenError(Object.assign(new Error("listen"), error))).toBe(sentence);
});
