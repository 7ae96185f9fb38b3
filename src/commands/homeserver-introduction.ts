import { dirname, join } from "node:path";
import type { DevHomeserver } from "../dev-homeserver/dev-homeserver.js";
import type { ServedFiles } from "../dev-homeserver/served-session.js";
import type { SynapseAuthorization } from "../dev-homeserver/synapse/start.js";
import { escapeText } from "../foundation/escape-text.js";
import { shellWord } from "../foundation/shell-word.js";
import { isLoopback } from "../network/url-policy.js";
import type { OwnCommands } from "../ui/scene.js";

/** What a person is told about a development homeserver that runs: its account, and what to try with it. */
export function introduction(
  {
    baseUrl,
    account,
    issuer,
  }: Pick<DevHomeserver, "baseUrl" | "account"> & Partial<Pick<SynapseAuthorization, "issuer">>,
  { session, recoveryKeyFile }: ServedFiles,
  host: string,
  commands: OwnCommands,
): string {
  // Beside the session, so that either command finds it in whatever folder it is pasted.
  const picture = shellWord(join(dirname(session), "qr.png"));
  const lines = [
    `Development homeserver: ${baseUrl.href}`,
    ...(issuer ? [`  consent     ${issuer.href}link`] : []),
    `  account     ${account.userId}`,
    `  password    ${account.password}`,
    `  session     ${escapeText(session, 4096)}`,
    `  recovery    ${escapeText(recoveryKeyFile, 4096)}`,
    "",
    issuer
      ? "It stands in front of that Synapse, and forgets tokens and password at the end: Ctrl-C."
      : "It keeps everything in memory, and forgets it at the end: Ctrl-C.",
  ];
  if (!isLoopback(host.includes(":") ? `[${host}]` : host)) {
    lines.push("Anybody who can reach this machine can use it. Other machines need --allow-http for it.");
  }
  lines.push(
    "",
    "Try next, each in a terminal of its own:",
    `  ${commands.program} generate --homeserver ${baseUrl.href} --qr-file ${picture}`,
    `  ${commands.program} scan ${picture} --session ${commands.session(session)}`,
    "",
  );
  return `${lines.join("\n")}\n`;
}
