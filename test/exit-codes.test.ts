import { expect, it } from "vitest";
import { exitCodeOf } from "../src/exit-codes.js";
import type { FailureCode } from "../src/foundation/failures.js";

it.each<[FailureCode, number]>([
  ["internal_error", 1],
  ["wrong_intent", 2],
  ["user_cancelled", 3],
  ["timed_out", 4],
  ["check_code_wrong", 5],
  ["device_already_exists", 6],
  ["delivery_unknown", 7],
  ["signed_in_unverified", 8],
  ["session_dead", 9],
  ["hangup", 129],
  ["interrupted", 130],
  ["terminated", 143],
])("%s ends the process with exit code %d", (code, exitCode) => {
  expect(exitCodeOf(code)).toBe(exitCode);
});
