import { describe, expect, it } from "vitest";
import { plainDemoDisplay } from "../../src/demo/demo-display.js";
import { FakeOutput } from "../support/fake-terminal.js";

const COLUMNS = 80;
const LINK = `https://example.org/device?user_code=${"A".repeat(60)}`;

function show(terminal?: { columns: number; rows: number }) {
  const stderr = new FakeOutput(terminal);
  const display = plainDemoDisplay({ stderr: stderr.asStream(), env: { NO_COLOR: "1" } });
  display.narrate(
    "somebody looks at both devices, types the check code, and approves the sign-in on the page",
  );
  display.show("existing", { event: "started", version: "0.1.0", role: "existing", contract: 1 });
  display.show("existing", { event: "check_code_required", attempts_left: 1, expires_in_ms: 115_000 });
  display.show("existing", { event: "verification", verification_uri: LINK, expires_in_ms: 60_000 });
  return stderr.lines;
}

describe("the demo on a terminal", () => {
  it("cuts prose between words, behind the line that tells who says it", () => {
    const lines = show({ columns: COLUMNS, rows: 24 });
    expect(lines).toContain("                → somebody looks at both devices, types the check code, and");
    expect(lines).toContain("                  approves the sign-in on the page");
    expect(lines).toContain("existing device │ Scanned. Type the code that the other device shows, within 1");
    expect(lines).toContain("                │ min 55 s.");
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([`existing device │ ${LINK}`]);
  });

  it("leaves a log's lines whole", () => {
    expect(show()).toContain(
      "existing device │ Scanned. Type the code that the other device shows, within 1 min 55 s.",
    );
  });
});
