import { expect } from "vitest";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";

/** Runs what has to fail, and gives the failure. */
export async function failureOf(run: () => unknown): Promise<Failure> {
  try {
    await run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Failure);
    return thrown as Failure;
  }
  throw new Error("It was expected to fail, and did not.");
}

export async function expectFailure(code: FailureCode, run: () => unknown): Promise<Failure> {
  const failure = await failureOf(run);
  expect(failure.code, failure.message).toBe(code);
  return failure;
}
