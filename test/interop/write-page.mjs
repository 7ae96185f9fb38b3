/** Writes docs/interop.md from the results of the last `npm run test:interop`. */

import { readFileSync, writeFileSync } from "node:fs";

const results = JSON.parse(readFileSync(new URL("results.json", import.meta.url), "utf8"));

const VERSIONS = { "msc4108-2024": "MSC4108 (2024)", msc4388: "MSC4388" };
const OTHER = { new: "existing", existing: "new" };
const COLUMNS = [
  "new device, generates",
  "new device, scans",
  "existing device, generates",
  "existing device, scans",
];

const inTable = (table) => results.filter((result) => result.table === table);
const peersOf = ({ peers }) => peers.map(({ name, version }) => `${name} ${version}`).join(", ");
const dialectOf = ({ dialect }) => (dialect ? `\`${dialect}\`` : "");

function outcomeOf({ state, outcome, note }) {
  if (state === "passed") return outcome;
  return `**${state === "failed" ? "test failed" : "not run"}**${note ? `: ${note}` : ""}`;
}

function tableOf(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A row for each version, dialect and peer. */
function signIns() {
  const cells = [
    ...inTable("sign_in"),
    // Of two of its own, one generates and the other one scans.
    ...inTable("itself").flatMap((result) => {
      const [role] = result.part.split(" ");
      const parts = [`${role} device, generates`, `${OTHER[role]} device, scans`];
      return parts.map((part) => ({ ...result, part }));
    }),
  ];
  const rowOf = (cell) => [VERSIONS[cell.version], dialectOf(cell), peersOf(cell) || "itself"];
  const rows = new Map(cells.map((cell) => [rowOf(cell).join(), rowOf(cell)]));
  return tableOf(
    ["version", "dialect", "with", ...COLUMNS],
    [...rows].map(([key, row]) => {
      const own = cells.filter((cell) => rowOf(cell).join() === key);
      const ends = COLUMNS.map((part) =>
        own
          .filter((cell) => cell.part === part)
          .map(outcomeOf)
          .join("; "),
      );
      return [...row, ...ends];
    }),
  );
}

const list = (table, title) =>
  tableOf(
    ["version", "dialect", title, "with", "what comes out"],
    inTable(table).map((result) => [
      VERSIONS[result.version],
      dialectOf(result),
      result.part,
      peersOf(result),
      outcomeOf(result),
    ]),
  );

const short = (table, title) =>
  tableOf(
    [title, "with", "what comes out"],
    inTable(table).map((result) => [result.part, peersOf(result), outcomeOf(result)]),
  );

const page = `<!-- Written by npm run docs:interop from a test run. Don't edit. -->

# Interoperability

What matrix-qr-login was run with, and what came out. Each cell is a test in \`test/interop/\`, and this page is made from
their results:

\`\`\`sh
test/peers/build        # the other implementations, into a cache folder outside the clone; needs cargo
npm run test:interop
npm run docs:interop
\`\`\`

Signing in by QR code between two processes of matrix-qr-login is also tried on real homeservers, by the tests in
\`test/stack/\` (\`npm run test:stack\`):

| homeserver                   | authorization server                                     | tried                                      | what comes out                                                                                                                                                     |
| ---------------------------- | -------------------------------------------------------- | ------------------------------------------ | ------------------------------------------------------------------------------------------------------------------------------------------------------------------ |
| the embedded one             | its own                                                  | in each run of the tests                   | the tables below                                                                                                                                                   |
| Synapse 1.163.2 from PyPI    | that of matrix-qr-login, by \`homeserver --synapse\`       | in each run of the tests                   | both versions, all four directions: signed in and verified, as @matrix-org/matrix-sdk-crypto-wasm sees it too; declined, late and lost sign-ins end as in the table |
| Synapse 1.163.2              | Matrix Authentication Service 1.22.0                     | in November 2026; where one is installed   | the same                                                                                                                                                           |

In the sign-ins below every device is a process of its own, matrix-qr-login as it is installed, and the server is the embedded
homeserver. Each implementation is the published release:

- **matrix-sdk** (matrix-rust-sdk, which Element X is built on), by its \`login_with_qr_code\` and
  \`grant_login_with_qr_code\`.
- **matrix-js-sdk** (which Element Web and Desktop are built on), by its \`MSC4108SignInWithQR\`. It can scan; Element Web
  only generates.
- **vodozemac**, by its HPKE channel, in the two releases that differ from each other.
- **@matrix-org/matrix-sdk-crypto-wasm**, by its \`Ecies\` and \`QrCodeData\`.

## Sign-ins

By what matrix-qr-login is, and does. Verified means that the new device says so, and that the homeserver has its keys with
the self-signing signature.

${signIns()}

No release of the SDKs makes a sign-in of MSC4388 yet. What they have of it is among the channels and QR codes below. With
\`--channel auto\`, which is the default, matrix-qr-login has a code of each version on show, and the SDKs scan the one they
can read:

${short("both_codes", "matrix-qr-login")}

## Sign-ins that fail

By what matrix-qr-login is. The new device generates the code. Both devices end, and each says why.

${short("endings", "matrix-qr-login is the")}

## The SDKs with each other

${short("between_sdks", "what they do")}

Where an existing device has scanned, it names the homeserver to the new one in \`m.login.protocols\`. The text of the 2024
version wants a server name there, which is what matrix-js-sdk sends. matrix-sdk sends and reads only a URL, and Element Web
reads both. So matrix-qr-login sends a URL, and reads both.

## Channels

${list("channel", "matrix-qr-login")}

## QR codes

${list("qr_code", "matrix-qr-login")}
`;

writeFileSync(new URL("../../docs/interop.md", import.meta.url), page);
