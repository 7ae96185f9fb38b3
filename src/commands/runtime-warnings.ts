/** What undici says of its own agent for SOCKS5, once a process. */
const SOCKS5_IS_EXPERIMENTAL = "SOCKS5 proxy support is experimental and subject to change";

/**
 * Keeps this one warning off the terminal of whoever has a SOCKS5 proxy, and no other: that the agent's interface may
 * change concerns this program, which tests it in the release that it is built with, and nobody who runs it.
 */
export function silenceSocks5Warning(target: Pick<NodeJS.Process, "emitWarning">): void {
  const { emitWarning } = target;
  const emitOthers = (...warning: readonly unknown[]) => {
    if (warning[0] !== SOCKS5_IS_EXPERIMENTAL) Reflect.apply(emitWarning, target, warning);
  };
  target.emitWarning = emitOthers;
}
