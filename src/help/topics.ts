import { EXIT_CODES } from "../exit-codes.js";
import type { FailureKind } from "../foundation/failure-kinds.js";
import { listOfSymptoms } from "./troubleshooting.js";

/** What `help <topic>` says of what no single command explains. Each fits a terminal of 24 lines by 80. */

const HEADLESS = `In a script, in CI, over SSH

Nothing waits for a person without a terminal: a command that would have to ask
ends with exit code 2, and names the option that would have helped.

The new device, where nobody can type the check code:
  matrix-qr-login generate --homeserver example.org --json \\
    --check-code show --expect-user @bot:example.org
The existing device, which opens no browser:
  matrix-qr-login scan code.png --yes --no-browser --json

  --json                one event a line on standard output, and nothing else
  --plain               one line an event for people, as in a log
  --check-code stdin    another program hands the two digits over
  --qr-file code.png    the code as a picture too, renewed with it
  --timeout 300         an upper bound for all of it, in seconds

What comes with --json is a contract: docs/events.md, docs/ci.md.
`;

const SESSIONS = `Sessions

A sign-in ends with a session: a file with the device's tokens and keys, for its
owner alone, in the state directory (~/.local/state/matrix-qr-login/sessions).
Its name is the user's, unless --session gives another. With a separator in it,
or .json at its end, a name is a path.

  --session bot, then MATRIX_QR_LOGIN_SESSION, then the only session there is

  matrix-qr-login session list       which there are
  matrix-qr-login session check      does it live, is it verified
  matrix-qr-login session token      an access token for a script, kept fresh
  matrix-qr-login session run        a bot on it: matrix-qr-login help bots
  matrix-qr-login session import     from another program
  matrix-qr-login session export     for another program
  matrix-qr-login session logout     revoke and delete it

Once a program of its own refreshes a session's tokens, every copy is dead.
`;

const BOTS = `Bots

Most bots know a fixed access token only, which dies within minutes where
homeservers use OAuth 2.0, and can't verify themselves. A proxy on this machine
does both for them, in any language, without a line of their code:

  matrix-qr-login generate --homeserver example.org --session bot \\
    --device-keys defer
  matrix-qr-login session run --session bot -- python bot.py

The bot finds these in its environment, and uses them as any other homeserver:
  MATRIX_HOMESERVER, MATRIX_ACCESS_TOKEN, MATRIX_USER_ID, MATRIX_DEVICE_ID
  --env NAME=homeserver|access_token|user_id|device_id sets other names.

For one that is started otherwise:
  matrix-qr-login session serve --session bot --listen 127.0.0.1:8009

For each framework: docs/bots.md.
`;

/** What an exit code means, in the words of the contract. */
const MEANINGS: Readonly<Record<Exclude<FailureKind, "signal">, string>> = {
  bug: "a bug in this program",
  usage: "the command line, the picture or the QR code can't be used",
  refused: "somebody said no, or ended it",
  late: "too late",
  security: "security: wrong check code, wrong user, wrong keys, a false message",
  unsupported: "the homeserver or the other device can't do it",
  network: "the network or a server failed, after retries",
  unverified: "signed in, but not verified (--keep-unverified)",
  local: "this device's own session, secrets or files can't do it",
};

function exitCodes(): string {
  const rows = Object.entries(MEANINGS).map(
    ([kind, meaning]) => `  ${EXIT_CODES[kind as keyof typeof MEANINGS]}    ${meaning}`,
  );
  return [
    ...["Exit codes", "", "  0    done", ...rows],
    "  129, 130, 143    SIGHUP, SIGINT, SIGTERM, after at most 5 s of cleaning up",
    "",
    "session run ends with its program's own. What exactly happened is in the last",
    "line of --json, failure.code: docs/failures.md.",
    "",
  ].join("\n");
}

export const TOPICS: Readonly<Record<string, () => string>> = {
  headless: () => HEADLESS,
  sessions: () => SESSIONS,
  bots: () => BOTS,
  "exit-codes": exitCodes,
  troubleshooting: listOfSymptoms,
};

export const TOPIC_NAMES = Object.keys(TOPICS);
