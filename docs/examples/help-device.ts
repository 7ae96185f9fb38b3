import {
  announceHomeserver,
  createHttpClient,
  createUrlPolicy,
  decodeQrCode,
  type LoginEvent,
  openExistingAccount,
  type SessionStore,
  type SignInWorld,
  scanCode,
  signInOtherDevice,
  systemClock,
} from "matrix-qr-login";

/** What the person at the existing device has to be shown. */
export interface Person {
  /** To be typed on the new device. */
  checkCode(code: string): void;
  /** To be opened; approving there signs the new device in. */
  link(url: string): void;
}

/**
 * Signs in the device that shows this QR code, from the device whose session is at `sessionPath`. Ask the person
 * first: the other device gets full access to the account.
 *
 * @param payload the QR code's content
 * @returns once the new device is signed in and the keys were sent to it
 */
export async function helpDevice(
  payload: Uint8Array,
  store: SessionStore,
  sessionPath: string,
  person: Person,
  signal: AbortSignal,
): Promise<void> {
  const code = decodeQrCode(payload);

  const urlPolicy = createUrlPolicy([]);
  const http = createHttpClient({
    clock: systemClock,
    env: process.env,
    urlPolicy,
    userAgent: "example-helper/1.0",
  });
  const emit = (event: LoginEvent) => {
    if (event.event === "check_code") person.checkCode(event.check_code);
    if (event.event === "verification") {
      person.link(event.verification_uri_complete ?? event.verification_uri);
    }
  };
  const world: SignInWorld = { http, urlPolicy, clock: systemClock, emit };
  try {
    const account = await openExistingAccount(world, store, sessionPath, undefined, signal);
    const channel = await scanCode(world, code, { as: "existing", dialect: "auto" }, signal);
    const announce = announceHomeserver(account);
    await signInOtherDevice(world, account, { by: "printing" }, channel, announce, signal);
  } finally {
    await http.close();
  }
}
