import { escapeText, safeJson } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { fingerprint } from "../foundation/fingerprint.js";
import { withProgram } from "../foundation/with-program.js";
import { encodeBase64 } from "../protocol/base64.js";
import { decodeQrCode, type SignInQrPayload } from "../protocol/qr-code.js";
import { readPayload } from "../qr/read/source.js";
import type { CommandContext } from "./context.js";
import { hintOf } from "./hints.js";
import type { Finding, LookOnline } from "./inspect-online.js";
import type { InspectOptions } from "./options/inspect.js";
import { ownProgram } from "./own-commands.js";

/**
 * Explains what QR codes hold, on stdout; nothing is contacted, but with --online the rendezvous sessions that they
 * name. The protocol's own words come with --verbose. With --json, one line a source: `payload` or `unreadable`.
 *
 * @returns the failure of the first one that was not read, or not found out about, of which the output has told already
 * @throws {Failure} `usage_error` when standard input is given twice; the signal's reason when it is aborted
 */
export async function inspect(
  sources: readonly string[],
  options: InspectOptions,
  context: CommandContext,
): Promise<Failure | undefined> {
  if (sources.filter((source) => source === "-").length > 1) {
    throw new Failure("usage_error", "Standard input (-) can be read only once.");
  }
  if (!options.online) return inspectAll(sources, options, context);
  const { withLook } = await import("./inspect-online.js");
  return withLook(options, context, (look) => inspectAll(sources, options, context, look));
}

async function inspectAll(
  sources: readonly string[],
  options: InspectOptions,
  context: CommandContext,
  look?: LookOnline,
): Promise<Failure | undefined> {
  let firstFailure: Failure | undefined;
  let gap = "";
  for (const source of sources) {
    try {
      const payload = await readPayload(source, context);
      const code = decodeQrCode(payload);
      const found = await look?.(code);
      firstFailure ??= found?.failure;
      if (options.json) context.stdout.write(payloadLine(source, payload, code, found));
      else context.stdout.write(gap + explain(source, code, found, options.verbose));
      gap = "\n";
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      firstFailure ??= error;
      if (options.json) context.stdout.write(unreadableLine(source, error));
      else context.stderr.write(complaint(source, error, ownProgram(context)));
    }
  }
  return firstFailure;
}

function payloadLine(
  source: string,
  payload: Uint8Array,
  code: SignInQrPayload,
  found: Finding | undefined,
): string {
  const line = {
    event: "payload",
    source,
    payload: encodeBase64(payload),
    intent: code.intent,
    channel: code.channel,
    prefix: code.prefix,
    public_key: encodeBase64(code.publicKey),
    ...(code.channel === "msc4388"
      ? { rendezvous_id: code.rendezvousId, base_url: code.baseUrl }
      : { rendezvous_url: code.rendezvousUrl, server_name: code.serverName }),
    ...found?.fields,
  };
  return `${safeJson(line)}\n`;
}

function unreadableLine(source: string, { code, message }: Failure): string {
  return `${safeJson({ event: "unreadable", source, code, message })}\n`;
}

/** As all failures are told; it is said which source it was, where the message doesn't. */
function complaint(source: string, failure: Failure, program: string): string {
  const { message } = failure;
  const name = title(source);
  // Messages show more of a long one.
  const start = name.replace(/…$/, "");
  const isNamed =
    message.startsWith(start === name ? `${name} ` : start) ||
    [`"${start}`, `Can't read ${start}`].some((words) => message.includes(words));
  const hint = hintOf(failure);
  return [
    `Error: ${isNamed ? "" : `${name}: `}${message}`,
    ...(hint === undefined ? [] : [`Hint: ${withProgram(hint, program)}`]),
    "",
  ].join("\n");
}

function explain(
  source: string,
  code: SignInQrPayload,
  found: Finding | undefined,
  verbose: boolean | undefined,
): string {
  const rows: [label: string, value: string][] =
    code.intent === "new"
      ? [
          ["Shown by", "a new device, which wants to be signed in"],
          ["Scanning it", "signs that device in to your account and shares your encryption keys with it"],
        ]
      : [
          ["Shown by", "an existing device, which offers to sign another one in"],
          ["Scanning it", "signs the device that scans it in to the account of the one that shows it"],
        ];
  if (code.channel === "msc4388") {
    rows.push(["Read by", "this program, and no released app yet (seen in November 2026)"]);
    rows.push([code.intent === "new" ? "Devices meet at" : "Homeserver", escapeText(code.baseUrl)]);
  } else {
    rows.push(["Read by", "this program, and apps that sign in by QR code"]);
    if (code.serverName !== undefined) rows.push(["Homeserver", escapeText(code.serverName)]);
    rows.push(["Devices meet at", escapeText(code.rendezvousUrl)]);
  }
  if (verbose) rows.push(...protocolRows(code));

  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    title(source),
    ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
    ...(found?.lines ?? [OFFLINE]).map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** What the protocol calls it. */
function protocolRows(code: SignInQrPayload): [label: string, value: string][] {
  const key = fingerprint(encodeBase64(code.publicKey));
  if (code.channel !== "msc4388")
    return [
      ["Version", "the 2024 version of MSC4108"],
      ["Public key", key],
    ];
  const stability = code.prefix === "MATRIX" ? "stable" : "unstable";
  return [
    ["Version", `MSC4388, with the ${stability} prefix ${code.prefix}`],
    ["Rendezvous ID", escapeText(code.rendezvousId, 255)],
    ["Public key", key],
  ];
}

const OFFLINE = "No server was contacted, so it isn't known whether the code is still valid.";

/** A payload as source is long and says nothing to a person. */
function title(source: string): string {
  if (source === "") return "An empty argument";
  return source === "-" ? "Standard input" : escapeText(source, 80);
}
