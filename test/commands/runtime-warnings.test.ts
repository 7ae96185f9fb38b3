import { afterEach, expect, it, vi } from "vitest";
import { silenceSocks5Warning } from "../../src/commands/runtime-warnings.js";
import { createAgents } from "../../src/network/undici-transport.js";

afterEach(() => {
  vi.restoreAllMocks();
});

it("keeps quiet about undici's agent for SOCKS5, and about nothing else", async () => {
  const shown = vi.fn();
  const target = { emitWarning: shown };
  silenceSocks5Warning(target);
  const emitted = vi.spyOn(process, "emitWarning").mockImplementation(target.emitWarning);
  // Nothing listens at port 1.
  const agents = createAgents({ ALL_PROXY: "socks5://127.0.0.1:1" });
  const url = new URL("https://matrix.example.org/");
  const asked = agents.agentFor(url).request({ origin: url.origin, path: url.pathname, method: "GET" });
  await expect(asked).rejects.toThrow();
  await agents.close();
  expect(emitted).toHaveBeenCalledOnce();
  expect(shown).not.toHaveBeenCalled();
  process.emitWarning("Something else is experimental", "ExperimentalWarning");
  expect(shown).toHaveBeenCalledExactlyOnceWith("Something else is experimental", "ExperimentalWarning");
});
