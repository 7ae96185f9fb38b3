import * as v from "valibot";
import { json, matrixError } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Call, Routes } from "../http/router.js";
import type { Authenticate } from "./authentication.js";

const Content = v.looseObject({});

/**
 * The account's global data (Matrix specification, Client-Server API §Client Config).
 *
 * @param seeded what is there from the start, by its type
 */
export function accountDataRoutes(
  userId: string,
  seeded: ReadonlyMap<string, object>,
  authenticate: Authenticate,
): Routes {
  const path = "/_matrix/client/v3/user/{userId}/account_data/{type}";
  const contents = new Map(seeded);

  const authenticateOwner = (call: Call) => {
    authenticate(call);
    if (call.param("userId") !== userId)
      throw matrixError(403, "M_FORBIDDEN", "That is another user's data.");
  };

  return {
    [`GET ${path}`]: (call) => {
      authenticateOwner(call);
      const content = contents.get(call.param("type"));
      if (!content) throw matrixError(404, "M_NOT_FOUND", "There is no account data of that type.");
      return json(200, content);
    },

    [`PUT ${path}`]: (call) => {
      authenticateOwner(call);
      contents.set(call.param("type"), jsonBody(Content, call.body));
      return json(200, {});
    },
  };
}
