import { expect } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { exitCodeOf } from "../../src/exit-codes.js";
import type { FailureEvent } from "../../src/foundation/events.js";
import type { FailureCode } from "../../src/foundation/failures.js";
import type { CliProcess } from "./cli-process.js";
import type { Machine } from "./machine.js";

/**
 * Waits until a run with --json has ended as that failure, its exit code being the table's.
 *
 * @returns the event, for what else it says
 */
export async function expectFailureOf(device: CliProcess, code: FailureCode): Promise<FailureEvent> {
  const ended = await device.ended;
  const last = device.lastEvent;
  const exitCode = exitCodeOf(code);
  expect(last, device.describe()).toMatchObject({ event: "failure", code, exit_code: exitCode });
  expect(ended.code).toBe(exitCode);
  return last as FailureEvent;
}

/** A failed sign-in has to leave the account as it was, and no session or rendezvous session behind. */
export async function expectNothingLeft(machine: Machine, server: DevHomeserver): Promise<void> {
  const { device_id } = server.existingSession;
  expect(server.devices().map(({ deviceId }) => deviceId)).toEqual([device_id]);
  expect(server.activeSessions().map(({ deviceId }) => deviceId)).toEqual([device_id]);
  expect(server.liveRendezvousSessions()).toEqual([]);
  expect(server.liveMsc4108Sessions()).toEqual([]);
  expect(await machine.sessionFiles()).toEqual(["existing.json"]);
  expect(await machine.temporaryFiles()).toEqual([]);
}
