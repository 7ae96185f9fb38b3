import * as v from "valibot";
import { Secret } from "../foundation/secret.js";

/**
 * An access or refresh token: visible ASCII, which is what an Authorization header and a form can carry (RFC 6750
 * §2.1, RFC 6749 Appendix A.12 and A.17).
 */
export const Token = v.pipe(
  v.string(),
  v.maxLength(16_384),
  v.regex(/^[\x21-\x7e]+$/, "is empty or has characters that no token has"),
  v.transform((text) => new Secret(text)),
);
