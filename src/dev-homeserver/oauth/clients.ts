import { createHash } from "node:crypto";
import * as v from "valibot";
import { parseJson } from "../../foundation/json.js";
import { canonicalJson } from "../../protocol/canonical-json.js";
import type { OAuthBehaviour } from "../behaviour.js";
import { CORS_HEADERS, json, oauthError, Refusal } from "../http/answers.js";
import { explain } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import { DEVICE_CODE, type OAuthFeatures } from "./metadata.js";

const Url = v.pipe(v.string(), v.maxLength(2048), v.url());
const Text = v.pipe(v.string(), v.maxLength(255));

/** RFC 7591 §2, with what the Matrix specification and MAS ask for on top. */
const ClientMetadata = v.object({
  client_name: v.optional(Text),
  client_uri: v.pipe(Url, v.check(isPublicWebsite, "is not an https URL of a public host")),
  logo_uri: v.optional(Url),
  policy_uri: v.optional(Url),
  tos_uri: v.optional(Url),
  application_type: v.optional(v.picklist(["native", "web"])),
  token_endpoint_auth_method: v.literal("none"),
  grant_types: v.pipe(v.array(Text), v.nonEmpty(), v.maxLength(20)),
  response_types: v.optional(v.pipe(v.array(v.literal("code")), v.maxLength(1))),
  redirect_uris: v.optional(v.pipe(v.array(Url), v.maxLength(20))),
});
type ClientMetadata = v.InferOutput<typeof ClientMetadata>;

export interface Client {
  readonly clientId: string;
  readonly metadata: ClientMetadata;
}

/** The registered clients. The same metadata is the same client, as with MAS. */
export class ClientStore {
  readonly #clients = new Map<string, Client>();

  register(metadata: ClientMetadata): Client {
    const clientId = createHash("sha256").update(canonicalJson(metadata)).digest("base64url").slice(0, 22);
    const client = { clientId, metadata };
    this.#clients.set(clientId, client);
    return client;
  }

  get(clientId: string): Client | undefined {
    return this.#clients.get(clientId);
  }
}

/** Dynamic client registration (RFC 7591; Matrix specification, Client-Server API §Client registration). */
export function registrationRoutes(
  clients: ClientStore,
  features: OAuthFeatures,
  { registersOnlyCodeClients }: OAuthBehaviour,
): Routes {
  return {
    "POST /oauth2/registration": (call) => {
      const request = parseJson(call.body);
      if (request === undefined) throw invalidMetadata("The body is not JSON.");
      const result = v.safeParse(ClientMetadata, request);
      if (!result.success) throw invalidMetadata(explain(result.issues[0]));
      const metadata = result.output;
      if (registersOnlyCodeClients) checkCodeClient(metadata);
      for (const name of ["logo_uri", "policy_uri", "tos_uri"] as const) {
        const uri = metadata[name];
        if (uri !== undefined && !isOnSiteOf(uri, metadata.client_uri)) {
          throw invalidMetadata(`${name}: is not on the host of client_uri`);
        }
      }
      if (metadata.grant_types.includes("authorization_code") && !metadata.redirect_uris?.length) {
        throw oauthError(400, "invalid_redirect_uri", "The authorization code grant needs a redirect URI.");
      }
      // A grant that is switched off is dropped without a word, as MAS does.
      const grantTypes = metadata.grant_types.filter((type) => type !== DEVICE_CODE || features.deviceGrant);
      const client = clients.register({ ...metadata, grant_types: grantTypes });
      // Tuwunel leaves the device grant out, which works all the same.
      const told = registersOnlyCodeClients ? grantTypes.filter((type) => type !== DEVICE_CODE) : grantTypes;
      return json(201, { client_id: client.clientId, ...client.metadata, grant_types: told });
    },
  };
}

/** What Tuwunel insists on, and how it says so. */
function checkCodeClient({ redirect_uris, response_types, grant_types }: ClientMetadata): void {
  if (!redirect_uris) {
    const body = "Failed to deserialize the JSON body into the target type: missing field `redirect_uris`";
    throw new Refusal({ status: 422, headers: { ...CORS_HEADERS, "content-type": "text/plain" }, body });
  }
  if (redirect_uris.length === 0) throw invalidMetadata("redirect_uris: is empty");
  if (response_types && !response_types.includes("code")) throw invalidMetadata("response_types: lacks code");
  for (const grant of ["authorization_code", "refresh_token"]) {
    if (!grant_types.includes(grant)) throw invalidMetadata(`grant_types: lacks ${grant}`);
  }
}

function invalidMetadata(description: string) {
  return oauthError(400, "invalid_client_metadata", description);
}

/** MAS consults the public suffix list; a host name with a dot in it has to do here. */
function isPublicWebsite(text: string): boolean {
  const { protocol, hostname, username, password } = new URL(text);
  const isName = /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(hostname);
  return protocol === "https:" && isName && username === "" && password === "";
}

function isOnSiteOf(uri: string, clientUri: string): boolean {
  const site = new URL(clientUri).hostname;
  const { protocol, hostname } = new URL(uri);
  return protocol === "https:" && (hostname === site || hostname.endsWith(`.${site}`));
}
