import { describe, expect, it } from "vitest";
import type { LoginEvent } from "../../src/foundation/events.js";
import { describe as describeEvent } from "../../src/ui/describe.js";
import { nextScene, OPENING } from "../../src/ui/scene.js";
import { asExisting, asNew, texts } from "./described.js";
import { EXAMPLES } from "./event-examples.js";

/** Every string in an event, but those that are words of the contract, made hostile. */
function hostile(event: LoginEvent): LoginEvent {
  const contract = new Set(["event", "role", "intent", "channel", "cleanup"]);
  const fields = Object.entries(event).map(([key, value]) => [
    key,
    typeof value === "string" && !contract.has(key) ? `\u001b[2J\u009b\u202e\u200b\r\n${value}` : value,
  ]);
  return Object.fromEntries(fields);
}

describe("the events in words", () => {
  it.each<[LoginEvent["event"], string[]]>([
    ["started", ["Signing this device in by QR code."]],
    ["rendezvous_created", ["Connected to matrix.example.org."]],
    ["qr", ["Scan this with a device that is signed in (good for 2 min):"]],
    ["scanned", ["Read the QR code of a new device, via matrix.example.org."]],
    ["secure_channel", ["Connected to the other device."]],
    ["check_code", ["Type this code on the other device:", "42"]],
    ["check_code_required", ["Scanned. Type the code that the other device shows, within 1 min 30 s."]],
    ["check_code_rejected", ["That is not the code that the other device shows: 1 attempt left."]],
    ["homeserver", ["Signing in on matrix.example.org."]],
    ["verification", []],
    ["browser", ["If no browser opens it, open the link yourself, on any device."]],
    ["waiting_for_consent", ["Waiting until it is approved, for up to 20 min."]],
    ["signed_in", ["Signed in as @bot:example.org, device ABCDEFGHIJ."]],
    ["device_online", ["The new device is signed in: ABCDEFGHIJ."]],
    ["secrets_sent", ["Sent it the account's keys and the key of backup 3."]],
    ["secrets_received", ["Received the account's keys, without a backup key."]],
    ["verified", ["Verified: the homeserver shows device ABCDEFGHIJ as yours."]],
    ["warning", ["Warning: One of the two will be signed out."]],
    [
      "done",
      [
        "Done: @bot:example.org is signed in and verified here, as device ABCDEFGHIJ.",
        "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
        "Next:",
        "matrix-qr-login session check /home/me/.local/state/matrix-qr-login/bot.json",
      ],
    ],
    [
      "failure",
      [
        "Error: The sign-in was declined on the consent page.",
        "Hint: Start again if that was a mistake.",
        "More: matrix-qr-login help consent_declined",
      ],
    ],
  ])("tells %s", (kind, lines) => {
    expect(texts(EXAMPLES[kind])).toEqual(lines);
  });

  it.each(Object.values(EXAMPLES))(
    "lets nothing through in $event that a terminal obeys or hides",
    (event) => {
      for (const scene of [asNew, asExisting]) {
        const { lines, wait } = describeEvent(hostile(event), scene);
        for (const text of [...lines.map((line) => line.text), wait?.text ?? ""]) {
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }
    },
  );

  it("leaves it to the failure to tell that there are no attempts left", () => {
    expect(texts({ ...EXAMPLES.check_code_rejected, attempts_left: 0 })).toEqual([]);
  });

  it("tells once that the code was scanned, however often its digits are mistyped", () => {
    const asked = nextScene(asNew, EXAMPLES.check_code_required);
    expect(texts(EXAMPLES.check_code_required, nextScene(asked, EXAMPLES.check_code_rejected))).toEqual([]);
  });

  it.each(["rendezvous_created", "homeserver"] as const)(
    "names an internationalised server of %s in both forms",
    (kind) => {
      const event = { ...EXAMPLES[kind], base_url: "https://xn--mnchen-3ya.example/" };
      expect(texts(event)[0]).toContain("xn--mnchen-3ya.example (münchen.example).");
      const below = { ...event, base_url: "https://xn--mnchen-3ya.example/matrix" };
      expect(texts(below)[0]).toContain("xn--mnchen-3ya.example/matrix (münchen.example).");
    },
  );

  it("names what the protocol calls things only where that was asked for", () => {
    const verbose = { ...asNew, verbose: true };
    const failure = { ...EXAMPLES.failure, reason: "user_cancelled" };
    for (const event of [...Object.values(EXAMPLES), failure]) {
      const prose = texts(event).filter((line) => !line.startsWith("More: "));
      expect(prose.join("\n")).not.toMatch(/MSC|rendezvous|secure channel|user_cancelled|consent(?! page)/i);
    }
    expect(texts(EXAMPLES.secure_channel, verbose)).toEqual(["Connected to the other device (MSC4388)."]);
    expect(texts(failure, verbose)).toContain("Reason in the protocol: user_cancelled");
  });

  it("tells once where it is connected to, however often a code is renewed", () => {
    const scene = nextScene(asNew, EXAMPLES.rendezvous_created);
    expect(texts(EXAMPLES.rendezvous_created, scene)).toEqual([]);
  });

  it("gives the code of older apps as what to try next, below the one that stands alone", () => {
    const event = { ...EXAMPLES.check_code, alternative: "17" };
    expect(texts(event)).toEqual(["Type this code on the other device:", "42", "Refused? Try 17."]);
  });

  it("asks for a comparison of the check code on the side that showed the QR code", () => {
    const scene = nextScene(asNew, EXAMPLES.qr);
    expect(texts(EXAMPLES.check_code, scene)).toEqual([
      "Check code: 42",
      "The other device must show the same. If it doesn't, cancel there.",
    ]);
  });

  it("says that a code is a new one only when its channel had one before", () => {
    const scene = nextScene(nextScene(OPENING, EXAMPLES.started), EXAMPLES.qr);
    const renewed = "A new code, since the one before expires soon (good for 2 min):";
    expect(texts(EXAMPLES.qr, scene)).toEqual([renewed]);
    expect(texts({ ...EXAMPLES.qr, channel: "msc4108-2024" }, scene)).toEqual([
      "Can't it be read? Here is another code for the same (good for 2 min):",
    ]);
  });

  it("sends the existing device's QR code to the new device", () => {
    expect(texts({ ...EXAMPLES.qr, intent: "existing" }, asExisting)).toEqual([
      "Scan this with the new device (good for 2 min):",
    ]);
  });
});
