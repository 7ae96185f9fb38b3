import { examine } from "../doctor/examine.js";
import type { Finding, State } from "../doctor/findings.js";
import { escapeText, safeJson } from "../foundation/escape-text.js";
import type { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { CommandContext } from "./context.js";
import { describeVerdict } from "./doctor-verdict.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";

const MARKS: Readonly<Record<State, string>> = { ok: "ok  ", limited: "some", missing: "none" };

/** `doctor`: whether a homeserver can do QR sign-in. Returns what a sign-in would fail with, if it can't. */
export async function doctor(
  server: string,
  options: GlobalOptions,
  context: CommandContext,
): Promise<Failure | undefined> {
  const { signal, stdout } = context;
  return withNetwork(options, context, async (network) => {
    const baseUrl = await resolveHomeserver(server, network, signal);
    const tell = (finding: Finding) =>
      stdout.write(options.json ? `${safeJson(finding)}\n` : describeFinding(finding));
    const { verdict, obstacle } = await examine({ ...network, baseUrl }, tell, signal);
    stdout.write(options.json ? `${safeJson(verdict)}\n` : describeVerdict(verdict, obstacle, baseUrl));
    return obstacle;
  });
}

function describeFinding({ state, message, setting }: Finding): string {
  const lines = [`${MARKS[state]}  ${escapeText(message, 500)}`];
  if (setting) lines.push(`      ${setting}`);
  return `${lines.join("\n")}\n`;
}
