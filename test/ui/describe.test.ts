import { describe, expect, it } from "vitest";
import type { FailureEvent, LoginEvent } from "../../src/foundation/events.js";
import {
  describe as describeEvent,
  duration,
  nextScene,
  OPENING,
  type Scene,
} from "../../src/ui/describe.js";
import { EXAMPLES } from "./event-examples.js";

const asNew: Scene = { role: "new", shown: [], alone: false };
const asExisting: Scene = { role: "existing", shown: [], alone: false };

function texts(event: LoginEvent, scene = asNew): string[] {
  return describeEvent(event, scene).lines.map((line) => line.text);
}

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
    ["rendezvous_created", ["Rendezvous session created on https://matrix.example.org/ (MSC4388)."]],
    [
      "qr",
      [
        "Scan this with a device that is signed in (MSC4388, good for 2 min).",
        "In its settings, choose to link a new device.",
      ],
    ],
    ["scanned", ["Read the QR code of a new device, via https://matrix.example.org/."]],
    ["secure_channel", ["Secure channel to the other device is open (MSC4388)."]],
    ["check_code", ["Type this code on the other device: 42"]],
    ["check_code_required", ["Scanned. Type the code that the other device shows, within 1 min 30 s."]],
    ["check_code_rejected", ["That is not the code that the other device shows: 1 attempt left."]],
    ["homeserver", ["Signing in on https://matrix.example.org/ (https://auth.example.org/)."]],
    [
      "verification",
      [
        "Approve the sign-in on the other device. It opens this page:",
        "https://auth.example.org/link?code=ABCDEF",
        "The page must show this code, or ask for it: ABC-DEF",
      ],
    ],
    ["browser", ["If no browser opens it, open the link yourself, on any device."]],
    ["waiting_for_consent", ["Waiting for consent, for up to 20 min."]],
    ["signed_in", ["Signed in as @bot:example.org, device ABCDEFGHIJ."]],
    ["device_online", ["The new device is signed in: ABCDEFGHIJ."]],
    ["secrets_sent", ["Sent it the cross-signing keys and the key of backup 3."]],
    ["secrets_received", ["Received the cross-signing keys, without a backup key."]],
    ["verified", ["Verified: the homeserver shows device ABCDEFGHIJ as cross-signed."]],
    ["warning", ["Warning: One of the two will be signed out."]],
    [
      "done",
      [
        "Done: @bot:example.org is signed in and verified here, as device ABCDEFGHIJ.",
        "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
        "Next: `matrix-qr-login session show /home/me/.local/state/matrix-qr-login/bot.json`, or `session export` to hand it on.",
      ],
    ],
    [
      "failure",
      ["Error: The sign-in was declined on the consent page.", "Hint: Start again if that was a mistake."],
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

  it("prints a long link whole and alone on its line", () => {
    const uri = `https://auth.example.org/link?state=${"x".repeat(3000)}`;
    const { lines } = describeEvent({ event: "verification", verification_uri: uri }, asExisting);
    expect(lines).toContainEqual({ text: uri, tone: "link" });
  });

  it("tells the existing device to type the user code where the link doesn't hold it", () => {
    const event = { event: "verification", verification_uri: "https://auth.example.org/link" } as const;
    expect(texts(event, asExisting)).toContain("There, type the code that the new device shows.");
    expect(texts(EXAMPLES.verification, asExisting)).toContain(
      "Approve only if the page shows the same code as the new device.",
    );
  });

  it("marks the code of older apps beside the check code to type", () => {
    const event = { ...EXAMPLES.check_code, alternative: "17" };
    expect(texts(event)).toEqual(["Type this code on the other device: 42  (an older app: 17)"]);
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
    const renewed = "A new code, since the previous one expires soon (MSC4388, good for 2 min):";
    expect(texts(EXAMPLES.qr, scene)).toEqual([renewed]);
    expect(texts({ ...EXAMPLES.qr, channel: "msc4108-2024" }, scene)[0]).toBe(
      "Scan this with a device that is signed in (MSC4108 (2024), good for 2 min).",
    );
  });

  it("sends the existing device's QR code to the new device", () => {
    expect(texts({ ...EXAMPLES.qr, intent: "existing" }, asExisting)).toEqual([
      "Scan this with the new device (MSC4388, good for 2 min).",
      "On its first screen, choose to sign in with a QR code.",
    ]);
  });

  it("tells the existing device's success as what it knows: that the keys were sent", () => {
    const event = { event: "done", role: "existing", user_id: "@me:example.org", device_id: "ABC" } as const;
    expect(texts(event, asExisting)).toEqual([
      "Done here: device ABC of @me:example.org is signed in, and was sent your keys.",
      "Whether it has read them, and is verified, only that device can say: look there.",
    ]);
  });

  it.each<[FailureEvent["cleanup"], string]>([
    ["revoked", "Undone: device ABC was signed out again, and nothing of the sign-in was kept."],
    ["pending", "Left behind: device ABC is still signed in, as its tokens could not be revoked."],
    ["impossible", "Left behind: device ABC may be signed in, and nobody can revoke its tokens from here."],
  ])("says what stays behind when cleaning up is %s", (cleanup, text) => {
    const lines = texts({ ...EXAMPLES.failure, cleanup, device_id: "ABC", session: "/tmp/s.json" });
    expect(lines).toContain(text);
    expect(lines.at(-1)).toBe("Session file: /tmp/s.json");
  });

  it("ends all waiting with the last event, and keeps it through what happens beside", () => {
    expect(describeEvent(EXAMPLES.done, asNew).wait).toBeNull();
    expect(describeEvent(EXAMPLES.failure, asNew).wait).toBeNull();
    expect(describeEvent(EXAMPLES.warning, asNew).wait).toBeUndefined();
  });

  it("says durations in minutes and seconds", () => {
    expect([0, 45_000, 60_000, 90_400, -5].map(duration)).toEqual([
      "0 s",
      "45 s",
      "1 min",
      "1 min 30 s",
      "0 s",
    ]);
  });
});

describe("a sign-in without another device", () => {
  const started = { ...EXAMPLES.started, alone: true } as const;
  const alone = nextScene(OPENING, started);

  it("begins without a word about a QR code that nobody shows", () => {
    expect(texts(started)).toEqual(["Signing this device in, without another one's help."]);
  });

  it("tells the person to open the page, and whose keys it takes", () => {
    expect(texts(EXAMPLES.verification, alone)).toEqual([
      "Approve the sign-in on this page, on any device:",
      "https://auth.example.org/link?code=ABCDEF",
      "The page must show this code, or ask for it: ABC-DEF",
    ]);
    expect(texts(EXAMPLES.secrets_received, alone)).toEqual([
      "The account's secret storage has the cross-signing keys, without a backup key.",
    ]);
  });

  it("is none where the start doesn't say so", () => {
    const scene = nextScene(OPENING, EXAMPLES.started);
    expect(texts(EXAMPLES.verification, scene)).toEqual(texts(EXAMPLES.verification));
  });
});

describe("a sign-in that leaves the device keys to another client", () => {
  it("says what is next instead of that it is verified", () => {
    const { done } = EXAMPLES;
    expect(texts({ ...done, verified: false, device_keys: "deferred" })).toEqual([
      "Done: @bot:example.org is signed in here, as device ABCDEFGHIJ. Its device keys are left to another client.",
      "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
      "Next: start that client on the session, then verify its device with `matrix-qr-login session sign-device /home/me/.local/state/matrix-qr-login/bot.json`.",
    ]);
  });
});
