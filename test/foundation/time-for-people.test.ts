import { expect, it } from "vitest";
import { timeForPeople } from "../../src/foundation/time-for-people.js";

it.each([
  ["2026-01-01T00:02:59.123Z", "2026-01-01 00:02 UTC"],
  ["2026-01-01T01:00:00+02:00", "2025-12-31 23:00 UTC"],
  ["soon\u001b[2J", "soon\\u{1b}[2J"],
])("shows %j without what people don't read", (time, shown) => expect(timeForPeople(time)).toBe(shown));
