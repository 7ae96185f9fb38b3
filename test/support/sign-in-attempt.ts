import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { generateDeviceIdentityKeys } from "../../src/protocol/device-keys.js";
import { SignInAttempt } from "../../src/protocol/sign-in-attempt.js";
import { FakeClock } from "./fake-clock.js";
import { MemoryHomeserver, MemorySessionFile, NEW_DEVICE, TOKENS } from "./memory-homeserver.js";

/** An attempt whose homeserver and file are in memory. */
export function signInAttempt({ keepUnverified = false, defersKeys = false } = {}) {
  const clock = new FakeClock();
  const homeserver = new MemoryHomeserver(clock);
  const file = new MemorySessionFile(homeserver.log);
  const identityKeys = generateDeviceIdentityKeys();
  const attempt = new SignInAttempt({
    deviceId: NEW_DEVICE,
    identityKeys: defersKeys ? undefined : identityKeys,
    sessionFile: file,
    keepUnverified,
    clock,
  });
  const begin = () => attempt.begin(homeserver.forSignIn(), TOKENS);
  const undo = (code: FailureCode) => clock.runUntil(attempt.undo(new Failure(code)));
  return { clock, homeserver, file, identityKeys, attempt, begin, undo };
}

/** What a failure says of an attempt that stays. */
export const KEPT = { deviceId: NEW_DEVICE, session: "/sessions/new.json" };
