import { describe, expect, it } from "vitest";
import type { LoginEvent } from "../../src/foundation/events.js";
import { createPlainDisplay } from "../../src/ui/plain-display.js";
import type { QrOptions } from "../../src/ui/qr-block.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { EXAMPLES, PAYLOAD } from "./event-examples.js";

const AUTO: QrOptions = { size: "auto", ecLevel: "auto" };

function plainDisplay(stderr: FakeOutput, qr = AUTO, env = {}) {
  const context = { env, stderr: stderr.asStream(), clock: new FakeClock() };
  return createPlainDisplay(context, undefined, { qr, interrupt: () => {} });
}

describe("the plain display", () => {
  it("writes a sign-in as lines without any control sequence", async () => {
    const stderr = new FakeOutput();
    const display = plainDisplay(stderr, { ...AUTO, size: "none" });
    const { started, rendezvous_created, qr, check_code_required, secure_channel, verification } = EXAMPLES;
    for (const event of [
      started,
      rendezvous_created,
      qr,
      check_code_required,
      secure_channel,
      verification,
    ]) {
      display.emit(event);
    }
    display.emit(EXAMPLES.done);
    await display.close();
    expect(stderr.lines).toEqual([
      "Signing this device in by QR code.",
      "Connected to matrix.example.org.",
      "Scan this with a device that is signed in (good for 2 min):",
      "Without a camera, run this there:",
      `matrix-qr-login scan ${PAYLOAD}`,
      "Scanned. Type the code that the other device shows, within 1 min 30 s.",
      "Connected to the other device.",
      "Approve the sign-in on the other device. It opens this page:",
      "https://auth.example.org/link?code=ABCDEF",
      "The page must show this code, or ask for it: ABC-DEF",
      "Done: @bot:example.org is signed in and verified here, as device ABCDEFGHIJ.",
      "Session file: /home/me/.local/state/matrix-qr-login/bot.json",
      "Next:",
      "matrix-qr-login session check /home/me/.local/state/matrix-qr-login/bot.json",
      "",
    ]);
  });

  it("draws the link for a phone's camera, where no other device opens it", () => {
    const drawnFor = (...events: readonly LoginEvent[]) => {
      const stderr = new FakeOutput();
      const display = plainDisplay(stderr);
      for (const event of events) display.emit(event);
      return stderr.lines.filter((line) => /^[ █▀▄]+$/.test(line)).length;
    };
    const { started, secure_channel, verification } = EXAMPLES;
    expect(drawnFor({ ...started, alone: true }, verification)).toBeGreaterThan(10);
    expect(drawnFor(started, secure_channel, verification)).toBe(0);
    const here = { verification_uri: "http://127.0.0.1:8008/link" };
    const { verification_uri_complete: _, user_code: __, ...bare } = verification;
    expect(drawnFor({ ...started, alone: true }, { ...bare, ...here })).toBe(0);
  });

  it("draws the QR code into a log without colours, within 80 columns, and gives its payload too", () => {
    const stderr = new FakeOutput();
    plainDisplay(stderr).emit(EXAMPLES.qr);
    const drawn = stderr.lines.filter((line) => /^[ █▀▄]+$/.test(line));
    expect(drawn.length).toBeGreaterThan(20);
    for (const line of drawn) expect(line.length).toBeLessThanOrEqual(80);
    expect(stderr.text).not.toContain("\u001b");
    expect(stderr.lines).toContain(`matrix-qr-login scan ${PAYLOAD}`);
  });

  it.each([
    ["black and white on a terminal, with NO_COLOR too", { NO_COLOR: "1" }, true],
    ["in the terminal's own colours on a dumb one", { TERM: "dumb" }, false],
  ])("draws the QR code %s", (_name, env, coloured) => {
    const stderr = new FakeOutput({ columns: 80, rows: 24 });
    plainDisplay(stderr, AUTO, env).emit(EXAMPLES.qr);
    expect(stderr.text.includes("\u001b[48;5;")).toBe(coloured);
    expect(stderr.text).not.toContain(PAYLOAD);
  });

  it("names the picture above a drawing", () => {
    const stderr = new FakeOutput({ columns: 80, rows: 24 });
    plainDisplay(stderr).emit({ ...EXAMPLES.qr, file: "/tmp/qr.png" });
    expect(stderr.lines[1]).toBe("It is in this file too: /tmp/qr.png");
  });

  it.each([
    ["new", "4. Approve the sign-in there."],
    ["existing", "4. Approve the sign-in on the page whose link appears here."],
  ] as const)("says below the code of the %s device what to do with it, and once", (intent, last) => {
    const stderr = new FakeOutput({ columns: 80, rows: 24 });
    const display = plainDisplay(stderr, AUTO, { TERM: "dumb" });
    display.emit({ ...EXAMPLES.qr, intent });
    expect(stderr.lines.slice(-5, -1)).toEqual([
      expect.stringMatching(/^1\. .* that device, choose to /),
      "2. Scan the code.",
      "3. Type here the two digits that it shows.",
      last,
    ]);
    stderr.take();
    display.emit({ ...EXAMPLES.qr, intent });
    expect(stderr.text).not.toContain("1. ");
  });

  it("wraps prose between words on a terminal, and never a command", () => {
    const stderr = new FakeOutput({ columns: 40, rows: 24 });
    const display = plainDisplay(stderr);
    display.emit(EXAMPLES.check_code_rejected);
    display.emit(EXAMPLES.done);
    expect(stderr.lines.slice(0, 3)).toEqual([
      "That is not the code that the other",
      "device shows: 1 attempt left.",
      "Done: @bot:example.org is signed in and",
    ]);
    expect(stderr.lines.at(-2)).toBe(
      "matrix-qr-login session check /home/me/.local/state/matrix-qr-login/bot.json",
    );
    display.emit({ ...EXAMPLES.failure, code: "other_device_cancelled" });
    expect(stderr.lines).toContain("More: matrix-qr-login help other_device_cancelled");
  });

  it("says what is waited for once nothing was said for a second, and not below a question", async () => {
    const stderr = new FakeOutput();
    const clock = new FakeClock();
    const context = { env: {}, stderr: stderr.asStream(), clock };
    const display = createPlainDisplay(context, undefined, { qr: AUTO, interrupt: () => {} });
    display.emit(EXAMPLES.started);
    await clock.advance(999);
    expect(stderr.lines).toEqual(["Signing this device in by QR code.", ""]);
    await clock.advance(1);
    expect(stderr.lines).toContain("Connecting to the homeserver…");
    display.emit(EXAMPLES.secure_channel);
    display.emit(EXAMPLES.check_code_required);
    await clock.advance(5_000);
    expect(stderr.lines.filter((line) => line.endsWith("…"))).toHaveLength(1);
    await display.close();
  });

  it("draws the code again when it goes on after Ctrl-Z, and nothing of one that was scanned", () => {
    const stderr = new FakeOutput({ columns: 80, rows: 24 });
    const listeners = new Set<() => void>();
    const jobControl = {
      stop: () => {},
      onContinue(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    const clock = new FakeClock();
    const streams = { input: new FakeInput(true).asStream(), output: stderr.asStream() };
    const context = { env: {}, stderr: stderr.asStream(), clock };
    const terminal = { ...streams, jobControl, close: () => {} };
    const display = createPlainDisplay(context, terminal, { qr: AUTO, interrupt: () => {} });
    const goOn = () => {
      stderr.take();
      for (const listener of listeners) listener();
      return stderr.lines;
    };
    display.emit(EXAMPLES.qr);
    const [invitation, ...drawn] = goOn();
    expect(invitation).toBe("Scan this with a device that is signed in (good for 2:00):");
    expect(drawn.filter((line) => line.includes("\u001b[48;5;"))).toHaveLength(23);
    display.emit(EXAMPLES.secure_channel);
    expect(goOn()).toEqual(["Waiting for the other device…", ""]);
    display.emit(EXAMPLES.done);
    expect(goOn()).toEqual([""]);
  });

  it("takes a terminal that doesn't know its size for one of 80 by 24", () => {
    const stderr = new FakeOutput({ columns: 0, rows: 0 });
    plainDisplay(stderr).emit(EXAMPLES.qr);
    expect(stderr.text).toContain("▀");
    expect(stderr.lines.filter((line) => line.includes("\u001b[48;5;"))).toHaveLength(23);
  });
});

describe("where no code fits, the plain display", () => {
  const withFile = { ...EXAMPLES.qr, intent: "existing", file: "/tmp/qr.png" } as const;
  const instead = [
    "It is in this file: /tmp/qr.png",
    "Without a camera, run this there:",
    `matrix-qr-login scan --as new ${PAYLOAD}`,
    "",
  ];

  it.each([
    [{}, "45 columns and 24 lines"],
    [{ size: "large" }, "90 columns and 46 lines"],
    [{ ecLevel: "H" }, "65 columns and 34 lines"],
  ] as const)("with %j says how large the window has to be, and gives file and payload", (wish, size) => {
    const stderr = new FakeOutput({ columns: 80, rows: 23 });
    plainDisplay(stderr, { ...AUTO, ...wish }).emit(withFile);
    expect(stderr.lines.slice(1)).toEqual([
      `The QR code doesn't fit into this window. Enlarge it to ${size} to have the code drawn.`,
      ...instead,
    ]);
  });

  it("speaks of no window in a log", () => {
    const stderr = new FakeOutput();
    plainDisplay(stderr, { ...AUTO, size: "large" }).emit(withFile);
    expect(stderr.lines.slice(1)).toEqual([
      "The QR code doesn't fit: it takes 90 columns, and there are 80.",
      ...instead,
    ]);
  });

  it("says so of a code that there can't be", () => {
    const stderr = new FakeOutput({ columns: 80, rows: 24 });
    const payload = "A".repeat(2000);
    plainDisplay(stderr, { ...AUTO, ecLevel: "H" }).emit({ ...EXAMPLES.qr, payload });
    expect(stderr.lines.slice(1)).toEqual([
      "No QR code of error correction level H holds that much.",
      "Without a camera, run this there:",
      `matrix-qr-login scan ${payload}`,
      "",
    ]);
  });

  it.each([
    ["asks for a file in a window that is too small", { columns: 44, rows: 24 }, AUTO, true],
    ["asks for none in one that is large enough", { columns: 45, rows: 24 }, AUTO, false],
    ["asks for a file in a log that is too narrow", undefined, { ...AUTO, size: "large" }, true],
    ["asks for none in a log that is wide enough", undefined, AUTO, false],
    ["asks for none where no drawing is wanted", { columns: 10, rows: 10 }, { ...AUTO, size: "none" }, false],
  ] as const)("%s", (_what, terminal, qr, lacksRoom) => {
    const display = plainDisplay(new FakeOutput(terminal), qr);
    expect(display.lacksRoomFor(Buffer.from(PAYLOAD, "base64"))).toBe(lacksRoom);
  });
});
