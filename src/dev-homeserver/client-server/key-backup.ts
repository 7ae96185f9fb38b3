import * as v from "valibot";
import type { JsonObject } from "../../protocol/canonical-json.js";
import { json, matrixError } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import type { Authenticate } from "./authentication.js";
import { asJson } from "./signed-objects.js";

/** A key backup version: what it is encrypted for. The keys in it are no part of this server. */
export interface KeyBackup {
  readonly algorithm: string;
  readonly auth_data: JsonObject;
}

const NewVersion = v.object({
  algorithm: v.pipe(v.string(), v.maxLength(255)),
  auth_data: v.looseObject({}),
});

/** Matrix specification, Client-Server API §Server-side key backups: the versions. */
export function keyBackupRoutes(first: KeyBackup, authenticate: Authenticate): Routes {
  const versions = [first];

  return {
    "GET /_matrix/client/v3/room_keys/version": (call) => {
      authenticate(call);
      return json(200, { ...versions.at(-1), version: String(versions.length), count: 0, etag: "0" });
    },

    "GET /_matrix/client/v3/room_keys/version/{version}": (call) => {
      authenticate(call);
      const version = call.param("version");
      const backup = versions.find((_, at) => String(at + 1) === version);
      if (!backup) throw matrixError(404, "M_NOT_FOUND", "There is no such key backup.");
      return json(200, { ...backup, version, count: 0, etag: "0" });
    },

    "POST /_matrix/client/v3/room_keys/version": (call) => {
      authenticate(call);
      const { algorithm, auth_data } = jsonBody(NewVersion, call.body);
      versions.push({ algorithm, auth_data: asJson(auth_data) });
      return json(200, { version: String(versions.length) });
    },
  };
}
