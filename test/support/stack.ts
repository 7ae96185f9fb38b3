/** The base URL of a real homeserver that runs for the tests of test/stack. */
export function stackBaseUrl(): URL {
  const text = process.env["MATRIX_QR_LOGIN_STACK_URL"];
  if (!text)
    throw new Error("MATRIX_QR_LOGIN_STACK_URL is not set: run these tests with npm run test:stack.");
  return new URL(text);
}
