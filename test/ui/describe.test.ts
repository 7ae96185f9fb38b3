import { describe, expect, it } from "vitest";
import type { FailureEvent, LoginEvent } from "../../src/foundation/events.js";
import { describe as describeEvent } from "../../src/ui/describe.js";
import { duration } from "../../src/ui/describe-consent.js";
import { nextScene, OPENING, type Scene } from "../../src/ui/scene.js";
import { EXAMPLES } from "./event-examples.js";

const asNew: Scene = OPENING;
const asExisting: Scene = { ...OPENING, role: "existing" };

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

  it("sends whoever showed the code to the other device's page", () => {
    expect(texts(EXAMPLES.verification, nextScene(asNew, EXAMPLES.qr))).toEqual([
      "Approve the sign-in on the other device. It opens this page:",
      "https://auth.example.org/link?code=ABCDEF",
      "The page must show this code, or ask for it: ABC-DEF",
    ]);
  });

  it("holds that page back from whoever scanned until the digits were typed on the other side", () => {
    let scene = asNew;
    const told = [EXAMPLES.check_code, EXAMPLES.homeserver, EXAMPLES.verification].map((event) => {
      const { lines, wait } = describeEvent(event, scene);
      scene = nextScene(scene, event);
      return { text: lines.map(({ text }) => text).join(" "), wait: wait?.text };
    });
    expect(told.map(({ text }) => text).join(" ")).not.toMatch(/approve/i);
    expect(told.at(-1)?.wait).toBe("Waiting until 42 is typed on the other device");
    expect(texts(EXAMPLES.waiting_for_consent, scene)).toEqual([
      "Approve the sign-in on the other device. It opens this page:",
      "https://auth.example.org/link?code=ABCDEF",
      "The page must show this code, or ask for it: ABC-DEF",
      "Waiting until it is approved, for up to 20 min.",
    ]);
  });

  it.each([
    ["system_browser", ["If no browser opens it, open the link yourself, on any device."]],
    ["printing", ["Open this link, for example on your phone."]],
    ["command", []],
  ] as const)("says who opens the link, where it goes to: %s", (by, lines) => {
    expect(texts({ event: "browser", opened: true, by }, asExisting)).toEqual(lines);
  });

  it("leaves it to the failure to tell that there are no attempts left", () => {
    expect(texts({ ...EXAMPLES.check_code_rejected, attempts_left: 0 })).toEqual([]);
  });

  it("tells once that the code was scanned, however often its digits are mistyped", () => {
    const asked = nextScene(asNew, EXAMPLES.check_code_required);
    expect(texts(EXAMPLES.check_code_required, nextScene(asked, EXAMPLES.check_code_rejected))).toEqual([]);
  });

  it.each([
    ["system_browser", "If no browser opens it, open the link yourself, on this machine."],
    ["printing", "Open this link on this machine."],
  ] as const)("sends nobody to another device with a link of this machine: %s", (by, line) => {
    const verification_uri = "http://localhost:8008/link";
    const page = { ...EXAMPLES.verification, verification_uri };
    expect(texts({ event: "browser", opened: true, by }, nextScene(asExisting, page))).toEqual([line]);
    expect(texts(page, { ...asNew, alone: true })[0]).toBe(
      "Approve the sign-in on this page, on this machine:",
    );
  });

  it.each<[string, Scene, string | undefined]>([
    ["before anything was signed in", { ...asNew, reached: "started" }, "Nothing was signed in."],
    ["on the new device, while it was not approved", { ...asNew, reached: "page" }, "Nothing was signed in."],
    [
      "on the existing device once there was a page",
      { ...asExisting, reached: "page" },
      "Look on the new device whether it was signed in: it should say that it wasn't.",
    ],
    ["where it can't be told", { ...asExisting, reached: "signed_in" }, undefined],
  ])("says after a failure what became of the sign-in, %s", (_when, scene, text) => {
    const lines = texts({ ...EXAMPLES.failure, code: "rendezvous_gone" }, scene);
    const sentences = lines.filter((line) => /signed in/.test(line));
    expect(sentences).toEqual(text === undefined ? [] : [text]);
  });

  it("calls no error what somebody wanted", () => {
    const message = "Cancelled. Nothing was signed in.";
    const { hint: _, ...failure } = EXAMPLES.failure;
    const scene: Scene = { ...asNew, reached: "started" };
    const lines = texts({ ...failure, code: "user_cancelled", message }, scene);
    expect(lines.filter((line) => !line.startsWith("More: "))).toEqual([message]);
  });

  it.each(["interrupted", "usage_error", "of_another_release"])("promises no more about %s", (code) => {
    expect(texts({ ...EXAMPLES.failure, code }).filter((line) => line.startsWith("More: "))).toEqual([]);
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

  it("names no session that is gone by then", () => {
    expect(texts(EXAMPLES.done, { ...asNew, commands: undefined })).toEqual([
      "Done: @bot:example.org is signed in and verified here, as device ABCDEFGHIJ.",
    ]);
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

  it("tells the existing device's success as what it knows: that the keys were sent", () => {
    const event = { event: "done", role: "existing", user_id: "@me:example.org", device_id: "ABC" } as const;
    expect(texts(event, asExisting)).toEqual([
      "Done here: device ABC of @me:example.org is signed in, and was sent your keys.",
      "Whether it has read them, and is verified, only that device can say: look there.",
    ]);
  });

  it.each<[FailureEvent["cleanup"], string]>([
    ["revoked", "Undone: device ABC was signed out again, and nothing of the sign-in was kept."],
    ["pending", "Left behind: device ABC is still signed in, as that could not be undone."],
    ["impossible", "Left behind: device ABC may be signed in, and that can't be undone from here."],
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
      "Found in the account's secret storage: the account's keys, without a backup key.",
    ]);
  });

  it("is none where the start doesn't say so", () => {
    const scene = nextScene(OPENING, EXAMPLES.started);
    expect(texts(EXAMPLES.verification, nextScene(scene, EXAMPLES.qr))[0]).toContain("on the other device");
  });
});

describe("a sign-in that leaves the device keys to another client", () => {
  it("says what is next instead of that it is verified", () => {
    const { done } = EXAMPLES;
    expect(texts({ ...done, verified: false, device_keys: "deferred" })).toEqual([
      "Done: @bot:example.org is signed in here, as device ABCDEFGHIJ. Its device keys are left to another client.",
      "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
      "Next, start that client on the session; then verify its device:",
      "matrix-qr-login session sign-device /home/me/.local/state/matrix-qr-login/bot.json",
    ]);
  });
});
