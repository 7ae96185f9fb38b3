import { describe, expect, it } from "vitest";
import { describe as describeEvent } from "../../src/ui/describe.js";
import { duration } from "../../src/ui/describe-consent.js";
import { nextScene, OPENING } from "../../src/ui/scene.js";
import { asExisting, asNew, texts } from "./described.js";
import { EXAMPLES } from "./event-examples.js";

describe("the page to approve on, in words", () => {
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
