/**
 * What `--help` shows of each command, so that it fits a terminal of 24 lines: the options that most people need,
 * the most important one first, and how the command is called. `--help-all` shows every option.
 */
export interface ShortHelp {
  /** Long names, in the order in which they are shown. */
  readonly options: readonly string[];
  /** What comes after the program's name, and what that does. */
  readonly examples: readonly (readonly [args: string, does: string])[];
}

/** By the command as it is typed: `session token`. The program itself is the empty one. */
export const SHORT_HELP: Readonly<Record<string, ShortHelp>> = {
  "": {
    options: ["--version"],
    examples: [
      ["generate --homeserver example.org", "sign this device in"],
      ["scan screenshot.png", "sign another one in"],
    ],
  },
  generate: {
    options: [
      ...["--homeserver", "--as", "--session", "--expect-user", "--check-code", "--device-keys"],
      ...["--device-name", "--qr-file", "--channel", "--no-browser", "--timeout", "--json"],
    ],
    examples: [
      ["generate --homeserver example.org", "sign this device in"],
      ["generate --as existing", "sign another one in"],
    ],
  },
  scan: {
    options: [
      ...["--as", "--session", "--yes", "--no-browser", "--recovery-key-file"],
      ...["--expect-user", "--timeout", "--json"],
    ],
    examples: [
      ["scan screenshot.png", "sign another one in"],
      ["scan --as new screenshot.png", "sign this device in"],
    ],
  },
  inspect: {
    options: ["--online", "--json", "--verbose"],
    examples: [
      ["inspect screenshot.png", "what a picture holds"],
      ["inspect --online screenshot.png", "and whether it still lives"],
    ],
  },
  doctor: {
    options: ["--json", "--allow-http", "--timeout", "--verbose"],
    examples: [
      ["doctor example.org", "by the name of the server"],
      ["doctor https://matrix.example.org", "by its base URL"],
    ],
  },
  login: {
    options: [
      ...["--homeserver", "--session", "--recovery-key-file", "--expect-user", "--device-keys"],
      ...["--device-name", "--timeout", "--json"],
    ],
    examples: [
      ["login --homeserver example.org", "asks for what it needs"],
      ["login --recovery-key-file key.txt", "asks for less"],
    ],
  },
  session: {
    options: [],
    examples: [
      ["session list", "which there are"],
      ["session run -- python bot.py", "run a bot on one"],
    ],
  },
  "session list": {
    options: ["--json"],
    examples: [
      ["session list", "which sessions there are"],
      ["session list --json", "the same, for programs"],
    ],
  },
  "session show": {
    options: ["--show-secrets", "--json"],
    examples: [
      ["session show", "the only session there is"],
      ["session show bot --json", "the one of that name, for programs"],
    ],
  },
  "session check": {
    options: ["--json", "--timeout", "--verbose"],
    examples: [
      ["session check", "the only session there is"],
      ["session check bot --json", "the one of that name, for programs"],
    ],
  },
  "session token": {
    options: ["--min-valid", "--json", "--timeout"],
    examples: [
      ["session token bot", "good for a minute"],
      ["session token bot --min-valid 120", "for two, if it can be"],
    ],
  },
  "session refresh": {
    options: ["--json", "--timeout"],
    examples: [
      ["session refresh", "the only session there is"],
      ["session refresh bot", "the one of that name"],
    ],
  },
  "session run": {
    options: ["--session", "--listen", "--env", "--events", "--allow-logout", "--timeout", "--json"],
    examples: [
      ["session run -- python bot.py", "any bot"],
      ["session run --env TOKEN=access_token -- ./bot", "its own names"],
    ],
  },
  "session serve": {
    options: ["--session", "--listen", "--new-token", "--allow-logout", "--timeout", "--json"],
    examples: [
      ["session serve --listen 127.0.0.1:8009", "for any program"],
      ["session serve --new-token", "if the old one got out"],
    ],
  },
  "session sign-device": {
    options: ["--fingerprint", "--json", "--timeout"],
    examples: [
      ["session sign-device bot", "asks before it signs"],
      ["session sign-device --fingerprint KEY", "asks nobody"],
    ],
  },
  "session import": {
    options: [
      "--session",
      "--token-file",
      "--homeserver",
      "--recovery-key-file",
      "--secrets",
      "--offline",
      "--json",
    ],
    examples: [
      ["session import export.json", "a session"],
      ["session import --token-file token.txt", "an access token"],
    ],
  },
  "session export": {
    options: ["--format", "--show-secrets"],
    examples: [
      ["session export bot > bot.json", "for another program"],
      ["session export bot --show-secrets", "the same on a terminal"],
    ],
  },
  "session logout": {
    options: ["--json", "--timeout"],
    examples: [
      ["session logout", "the only session there is"],
      ["session logout bot", "the one of that name"],
    ],
  },
  demo: {
    options: ["--by-hand", "--json", "--timeout"],
    examples: [
      ["demo", "watch both devices"],
      ["demo --by-hand", "be both of them, in two terminals"],
    ],
  },
  homeserver: {
    options: [
      ...["--port", "--user", "--auto-consent", "--token-ttl", "--rendezvous-lifetime", "--like"],
      ...["--synapse", "--synapse-secret-file", "--json"],
    ],
    examples: [
      ["homeserver --port 8008", "until Ctrl-C"],
      ["homeserver --auto-consent --token-ttl 60", "for tests"],
    ],
  },
  completion: {
    options: [],
    examples: [
      ["completion bash", "docs/cli.md says where it goes"],
      ["completion fish", "the same for fish"],
    ],
  },
  help: {
    options: [],
    examples: [
      ["help session run", "what --help of a command shows"],
      ["help rendezvous_gone", "what helps against a failure"],
    ],
  },
};
