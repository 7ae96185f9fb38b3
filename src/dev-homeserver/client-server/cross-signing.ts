import { randomUUID } from "node:crypto";
import * as v from "valibot";
import type { JsonObject } from "../../protocol/canonical-json.js";
import { isSignedBy } from "../../protocol/signatures.js";
import { json, Refusal } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import type { Authenticate } from "./authentication.js";
import { asJson, badParameter, badSignature, CrossSigningKey, publicKeyOf } from "./signed-objects.js";

/** The account's published cross-signing keys. */
export interface CrossSigning {
  masterKey?: JsonObject;
  selfSigningKey?: JsonObject;
  userSigningKey?: JsonObject;
}

const KeyUpload = v.object({
  master_key: v.optional(CrossSigningKey),
  self_signing_key: v.optional(CrossSigningKey),
  user_signing_key: v.optional(CrossSigningKey),
});
type KeyUpload = v.InferOutput<typeof KeyUpload>;

const ROLES = [
  { field: "master_key", name: "masterKey", usage: "master" },
  { field: "self_signing_key", name: "selfSigningKey", usage: "self_signing" },
  { field: "user_signing_key", name: "userSigningKey", usage: "user_signing" },
] as const;

/**
 * Upload of cross-signing keys (Matrix specification, Client-Server API §Cross-signing). The first keys are
 * taken as they come, the same keys again change nothing, and others need a reset.
 *
 * @param accountPage where a person would be sent to allow the reset
 */
export function crossSigningRoutes(
  userId: string,
  crossSigning: CrossSigning,
  authenticate: Authenticate,
  accountPage: URL,
): Routes {
  return {
    "POST /_matrix/client/v3/keys/device_signing/upload": (call) => {
      authenticate(call);
      const upload = jsonBody(KeyUpload, call.body);
      checkKeys(userId, upload, crossSigning.masterKey);
      const isFirst = crossSigning.masterKey === undefined;
      for (const { field, name } of ROLES) {
        const key = upload[field] && asJson(upload[field]);
        if (!key) continue;
        const published = crossSigning[name];
        if (isFirst) crossSigning[name] = key;
        else if (!published || publicKeyOf(published) !== publicKeyOf(key)) throw resetNeeded(accountPage);
      }
      return json(200, {});
    },
  };
}

function checkKeys(userId: string, upload: KeyUpload, published: JsonObject | undefined): void {
  const masterKey = upload.master_key ? asJson(upload.master_key) : published;
  if (!masterKey) throw badParameter("There is no master key.");
  const master = publicKeyOf(masterKey);
  for (const { field, usage } of ROLES) {
    const key = upload[field];
    if (!key) continue;
    if (key.user_id !== userId) throw badParameter(`${field}: user_id is not the user's own.`);
    if (!key.usage.includes(usage)) throw badParameter(`${field}: usage lacks ${usage}.`);
    if (usage !== "master" && !isSignedBy(asJson(key), userId, master, master)) {
      throw badSignature(`${field} is not signed by the master key.`);
    }
  }
}

/** User-Interactive Authentication, with a stage that only a person in a browser can pass. */
function resetNeeded(accountPage: URL): Refusal {
  const stages = ["m.oauth", "org.matrix.cross_signing_reset"];
  return new Refusal(
    json(401, {
      session: randomUUID(),
      flows: stages.map((stage) => ({ stages: [stage] })),
      params: Object.fromEntries(stages.map((stage) => [stage, { url: accountPage.href }])),
    }),
  );
}
