import { sideBySide } from "../foundation/side-by-side.js";
import { decodeQrCode, type SignInQrPayload } from "../protocol/qr-code.js";
import { readPayload } from "../qr/read/source.js";
import type { SignInContext } from "./context.js";
import type { SignInOptions } from "./options/sign-in.js";
import type { SignInByCode } from "./scan-as.js";

/** `scan`: reads a QR code, and goes on with the device that shows it. */
export async function scan(source: string, options: SignInOptions, context: SignInContext): Promise<void> {
  const { display, signal } = context;
  display.awaiting("Reading the QR code");
  const [signInBy, code] = await sideBySide<[SignInByCode, SignInQrPayload]>(
    [
      // While another process reads a picture there is time to load what comes next. What is wrong with the options is
      // said whatever there is to read.
      async () => (await import("./scan-as.js")).scanAs(source, options, context),
      async (beside) => decodeQrCode(await readPayload(source, { ...context, signal: beside })),
    ],
    signal,
  );
  await signInBy(code);
}
