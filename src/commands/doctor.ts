import { examine } from "../doctor/examine.js";
import type { Check, Finding, State } from "../doctor/findings.js";
import { escapeText, safeJson } from "../foundation/escape-text.js";
import type { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { CommandContext } from "./context.js";
import { describeVerdict } from "./doctor-verdict.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import { ownProgram } from "./own-commands.js";

/** What the protocols call what was looked at. */
const PROTOCOL: Readonly<Record<Check, string>> = {
  homeserver: "Matrix client-server API",
  oauth: "OAuth 2.0 API",
  device_authorization_grant: "device authorization grant (RFC 8628)",
  client_registration: "dynamic client registration (RFC 7591)",
  device_authorization: "device authorization request (RFC 8628)",
  verification_uri_complete: "verification_uri_complete (RFC 8628)",
  rendezvous_msc4388: "rendezvous sessions of MSC4388",
  rendezvous_msc4108_2024: "rendezvous sessions of MSC4108's 2024 version",
};

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
      stdout.write(options.json ? `${safeJson(finding)}\n` : describeFinding(finding, options));
    const told = { program: ownProgram(context), verbose: options.verbose };
    const { verdict, obstacle } = await examine({ ...network, baseUrl }, tell, signal);
    stdout.write(options.json ? `${safeJson(verdict)}\n` : describeVerdict(verdict, obstacle, baseUrl, told));
    return obstacle;
  });
}

function describeFinding({ check, state, message, setting }: Finding, { verbose }: GlobalOptions): string {
  const lines = [`${MARKS[state]}  ${escapeText(message, 500)}`];
  if (verbose) lines.push(`      ${PROTOCOL[check]}`);
  if (setting) lines.push(`      ${setting}`);
  return `${lines.join("\n")}\n`;
}
