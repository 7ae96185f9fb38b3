import {
  byExpectedUser,
  type ChannelVersion,
  createHttpClient,
  createUrlPolicy,
  generateCode,
  generateDeviceId,
  homeserverFromProtocols,
  type LoginEvent,
  resolveUserHomeserver,
  type SessionStore,
  type SignInWorld,
  signInThisDevice,
  systemClock,
} from "matrix-qr-login";

/**
 * Signs a bot in by a QR code that somebody who is signed in as the bot scans. Nobody types a check code: the
 * expected user takes its place.
 *
 * @param show gets a QR code's content as base64, and which version of the channel it is for. There may be a code
 *   of each version, and a new one replaces the one before of its version.
 * @returns the path of the session file
 * @throws {Failure} with a stable `code`; nothing of the sign-in is kept then, unless `details.session` is set
 */
export async function signInBot(
  userId: string,
  store: SessionStore,
  show: (payload: string, channel: ChannelVersion) => void,
  signal: AbortSignal,
): Promise<string> {
  const sessionFile = store.newFile(store.pathOf("bot"));
  await store.checkCanCreate(sessionFile.path);

  const urlPolicy = createUrlPolicy([]);
  const http = createHttpClient({
    clock: systemClock,
    env: process.env,
    urlPolicy,
    userAgent: "example-bot/1.0",
  });
  const emit = (event: LoginEvent) => {
    if (event.event === "qr") show(event.payload, event.channel);
  };
  const world: SignInWorld = { http, urlPolicy, clock: systemClock, emit };
  try {
    const expectedUser = await resolveUserHomeserver(userId, world, signal);
    const { baseUrl } = expectedUser;
    const confirmation = byExpectedUser(expectedUser);
    const channel = await generateCode(
      world,
      { intent: "new", baseUrl, version: "auto", dialect: "auto", confirmation },
      signal,
    );
    const deviceId = generateDeviceId();
    await signInThisDevice(
      world,
      { deviceId, sessionFile, expectedUser, keepUnverified: false },
      channel,
      homeserverFromProtocols,
      signal,
    );
    return sessionFile.path;
  } finally {
    await http.close();
  }
}
