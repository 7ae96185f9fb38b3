import type { AccountHomeserver, PublishedKeys } from "../../src/protocol/homeserver.js";
import { DEVICE, USER } from "./sessions.js";

/** A homeserver that answers from memory; whatever is not handed in can't be asked. */
export function fakeAccount(
  published: PublishedKeys,
  answers: Partial<AccountHomeserver> = {},
): AccountHomeserver {
  const unasked = () => Promise.reject(new Error("nobody should ask this"));
  return {
    baseUrl: new URL("https://matrix.example.org/"),
    whoami: async () => ({ userId: USER, deviceId: DEVICE }),
    queryKeys: async () => published,
    deviceExists: unasked,
    uploadDeviceKeys: unasked,
    accountData: unasked,
    backupVersion: unasked,
    ...answers,
  };
}
