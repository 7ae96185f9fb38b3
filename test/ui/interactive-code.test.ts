import { describe, expect, it, vi } from "vitest";
import { interactive } from "../support/interactive.js";
import { EXAMPLES, PAYLOAD } from "./event-examples.js";

describe("the QR code", () => {
  it("stays whole on 24 rows above a live line with its countdown", async () => {
    const { display, clock, see, ready } = interactive();
    display.emit(EXAMPLES.started);
    display.emit(EXAMPLES.qr);
    const drawn = see().slice(0, 23);
    await ready();
    await clock.advance(9_600);
    expect(see().slice(0, 23)).toEqual(drawn);
    expect(see()[23]).toMatch(/^. 1:51 Scan this with a device that is signed in$/);
    await display.close();
  });

  it("is replaced in place when it is renewed, and its countdown starts again", async () => {
    const { display, clock, see, ready } = interactive();
    display.emit(EXAMPLES.qr);
    await ready();
    await clock.advance(9_600);
    const before = see();
    display.emit({ ...EXAMPLES.qr, payload: EXAMPLES.qr.payload.replaceAll("p", "q") });
    expect(see()[0]).toBe(before[0]);
    expect(see().filter((line) => line.startsWith("  ▀▀▀▀▀▀▀"))).toHaveLength(2);
    expect(see().join("\n")).toContain("This is a new code.");
    expect(see().slice(0, 23)).not.toEqual(before.slice(0, 23));
    expect(see()[23]).toContain("2:00");
    await display.close();
  });

  it("is that of released apps where there are two, and a key brings up the other", async () => {
    const { display, see, seen, ready, type } = interactive();
    display.emit(EXAMPLES.qr);
    const drawn = () => see().map((line) => line.slice(0, 45).trimEnd());
    const stable = drawn().slice(0, 23);
    await ready();
    display.emit({ ...EXAMPLES.qr, channel: "msc4108-2024", payload: "TUFUUklYAgM" });
    expect(drawn().slice(0, 23)).not.toEqual(stable);
    expect(seen()).toContain("Press c for another code.");
    await type("c");
    expect(drawn().slice(0, 23)).toEqual(stable);
    expect(seen()).toContain("Press c for another code.");
    await display.close();
  });

  it("gives way to its file and its payload where it doesn't fit", async () => {
    const { display, stderr, resize } = interactive();
    const payload = Buffer.from(PAYLOAD, "base64");
    expect(display.lacksRoomFor(payload)).toBe(false);
    resize(80, 23);
    expect(display.lacksRoomFor(payload)).toBe(true);
    display.emit({ ...EXAMPLES.qr, file: "/tmp/qr.png" });
    expect(stderr.lines).toContain("It is in this file: /tmp/qr.png");
    expect(stderr.lines).toContain(`matrix-qr-login scan ${PAYLOAD}`);
    expect(stderr.text).not.toContain("▀");
    await display.close();
  });

  it("tells in words that wrap between words why it doesn't fit", async () => {
    const { display, see, resize } = interactive();
    resize(40, 24);
    display.emit(EXAMPLES.qr);
    expect(see().slice(0, 3)).toEqual([
      "The QR code doesn't fit into this",
      "window. Enlarge it to 45 columns and 24",
      "lines to have the code drawn.",
    ]);
    await display.close();
  });

  it("is named with its own file when a key brings up the other where neither fits", async () => {
    const { display, stderr, resize, ready, type } = interactive();
    resize(80, 12);
    display.emit({ ...EXAMPLES.qr, channel: "msc4108-2024", file: "/tmp/2024.png" });
    display.emit({ ...EXAMPLES.qr, file: "/tmp/msc4388.png" });
    await ready();
    stderr.take();
    await type("c");
    expect(stderr.lines).toContain("It is in this file: /tmp/msc4388.png");
    await display.close();
  });

  it("is drawn as soon as the window has become large enough, and not again when it grows on", async () => {
    const { display, stderr, resize, see } = interactive();
    resize(80, 12);
    display.emit(EXAMPLES.qr);
    resize(80, 20);
    expect(stderr.text).not.toContain("▀");
    resize(80, 24);
    expect(see().slice(0, 23).join("\n")).toContain("▀");
    stderr.take();
    resize(90, 40);
    expect(stderr.text).toBe("");
    await display.close();
  });

  it("is drawn smaller where the window cuts it, and gives way to its payload where none fits", async () => {
    const { display, stderr, resize } = interactive();
    const heightDrawn = () => stderr.lines.filter((line) => line.includes("\u001b[48;5;")).length;
    resize(100, 50);
    display.emit(EXAMPLES.qr);
    expect(heightDrawn()).toBe(33);
    stderr.take();
    resize(80, 24);
    expect(heightDrawn()).toBe(23);
    stderr.take();
    resize(80, 20);
    expect(heightDrawn()).toBe(0);
    expect(stderr.text).toContain(PAYLOAD);
    stderr.take();
    resize(80, 19);
    expect(stderr.text).toBe("");
    await display.close();
  });

  it("is no longer drawn after it was scanned, or the display closed", async () => {
    const { display, stderr, resize } = interactive();
    resize(80, 12);
    display.emit(EXAMPLES.qr);
    display.emit(EXAMPLES.check_code_required);
    resize(80, 24);
    expect(stderr.text).not.toContain("▀");
    await display.close();
    expect(stderr.listenerCount("resize")).toBe(0);
  });
});

describe("what a person has to do", () => {
  const bells = (text: string) => text.split("\u0007").length - 1;

  it("is called for with the bell when digits are wanted, and at the end, unless that is not wanted", async () => {
    for (const bell of [true, false]) {
      const { display, stderr } = interactive({ bell });
      for (const event of [EXAMPLES.started, EXAMPLES.qr, EXAMPLES.secure_channel]) display.emit(event);
      expect(bells(stderr.take())).toBe(0);
      display.emit(EXAMPLES.check_code_required);
      expect(bells(stderr.take())).toBe(bell ? 1 : 0);
      display.emit(EXAMPLES.done);
      expect(bells(stderr.take())).toBe(bell ? 1 : 0);
      await display.close();
    }
  });

  it("is said beside a code from 76 columns on, and below it or in fewer words in narrower windows", async () => {
    const { display, see, seen, resize, lastLine } = interactive();
    resize(76, 24);
    display.emit(EXAMPLES.qr);
    expect(seen()).toContain("4. Approve the sign-in there.");
    resize(60, 24);
    expect(seen()).toContain("4. Approve");
    resize(50, 24);
    expect(see().join("\n")).not.toContain("Approve");
    expect(lastLine()).toMatch(/2:00 Scan this with a device that is signed in$/);
    resize(75, 40);
    const lines = see();
    expect(lines.findIndex((line) => line.startsWith("1. "))).toBeGreaterThan(23);
    expect(lines.filter((line) => line.startsWith("  ▀▀▀▀▀▀▀"))).toHaveLength(2);
    await display.close();
  });

  it("has a clock on the side that scans, too, which goes on from step to step", async () => {
    const { display, clock, ready, lastLine } = interactive();
    display.emit({ ...EXAMPLES.started, role: "existing" });
    display.emit({ ...EXAMPLES.check_code, expires_in_ms: 100_000 });
    await ready();
    await clock.advance(9_600);
    expect(lastLine()).toMatch(/^. 1:31 Waiting until 42 is typed on the other device$/);
    display.emit({ ...EXAMPLES.verification, expires_in_ms: 90_000 });
    await clock.advance(1_200);
    expect(lastLine()).toMatch(/^. 1:29 Waiting until you have approved the new device$/);
    await display.close();
  });

  it("may include another look at the code: a key opens it as a picture", async () => {
    const picture = { opens: true, open: vi.fn(), renew: vi.fn(), remove: vi.fn() };
    const { display, seen, ready, type } = interactive({ picture });
    display.emit(EXAMPLES.qr);
    await ready();
    expect(seen()).toContain("Press o to open it as a picture.");
    await type("o");
    expect(picture.open).toHaveBeenCalledWith(EXAMPLES.qr, expect.anything());
    display.emit(EXAMPLES.check_code_required);
    await type("o");
    expect(picture.open).toHaveBeenCalledOnce();
    await display.close();
    expect(picture.remove).toHaveBeenCalledOnce();
  });

  it("names no key that opens nothing, and whoever presses it sees for a moment where the picture is", async () => {
    const open = (_code: unknown, tell: (text: string) => void) => tell("It can't be opened: see code.png");
    const picture = { opens: false, open, renew: vi.fn(), remove: vi.fn() };
    const { display, clock, seen, see, ready, type, lastLine } = interactive({ picture });
    display.emit(EXAMPLES.qr);
    await ready();
    expect(seen()).not.toContain("Press o");
    const drawn = see().slice(0, 23);
    await type("o");
    expect(lastLine()).toMatch(/2:00 It can't be opened: see code\.png$/);
    expect(see().slice(0, 23)).toEqual(drawn);
    await clock.advance(12_000);
    expect(lastLine()).toMatch(/Scan this with/);
    await display.close();
  });
});
