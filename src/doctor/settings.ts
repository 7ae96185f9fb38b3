import type { Failure } from "../foundation/failures.js";
import type { Check } from "./findings.js";
import { KNOWN_SOFTWARE, type KnownSoftware, type Software } from "./software.js";

/**
 * Where a check that isn't `ok` is put right, for each server whose settings are known. docs/servers.md says
 * what of this was run and what was read.
 */
export const SETTINGS: Readonly<Record<KnownSoftware, Readonly<Partial<Record<Check, string>>>>> = {
  synapse: {
    oauth:
      "Synapse: matrix_authentication_service.enabled: true, with Matrix Authentication Service beside it",
    device_authorization_grant: "Matrix Authentication Service: oauth.device_code_grant_enabled: true",
    client_registration: "Matrix Authentication Service: policy.data.client_registration",
    verification_uri_complete:
      "Matrix Authentication Service: oauth.device_code_user_code_auto_fill_enabled: true",
    rendezvous_msc4388: "Synapse: experimental_features.msc4388_mode: open (or authenticated)",
    rendezvous_msc4108_2024: "Synapse: experimental_features.msc4108_enabled: true",
  },
  tuwunel: {
    oauth: "Tuwunel: [global.well_known] client, and oidc_native_auth = true or an identity_provider",
    device_authorization_grant: "Tuwunel: 1.8.3 or newer",
    client_registration:
      "Tuwunel: no oidc_registration_access_token, and 127.0.0.1 in oidc_registration_allowed_redirect_hosts " +
      "or nothing",
    rendezvous_msc4388: "Tuwunel: rendezvous_enabled = true, rendezvous_authenticated_only = false",
    rendezvous_msc4108_2024: "Tuwunel: rendezvous_enabled = true",
  },
  // It has no rendezvous sessions, so nothing switches them on.
  continuwuity: {
    oauth: 'Continuwuity: [global.oauth] compatibility_mode = "hybrid" (or "exclusive")',
  },
};

/** What an admin sets where something is there and can't be used: by what it failed with. */
export const PUBLIC_BASE =
  "Matrix Authentication Service: http.public_base, the https URL that browsers and devices reach it at";
const OUT_OF_REACH =
  "Synapse: matrix_authentication_service.endpoint, where it reaches Matrix Authentication Service";

/** What the admin can set against a failure of a check whose part is there; undefined where nothing more is known. */
export function settingAgainst(software: Software | undefined, failure: Failure): string | undefined {
  // The others are authorization servers themselves.
  if (software?.known !== undefined && software.known !== "synapse") return undefined;
  if (failure.code === "url_refused") return PUBLIC_BASE;
  return failure.code === "server_error" ? `${OUT_OF_REACH}; ${PUBLIC_BASE}` : undefined;
}

/** What the admin of this server can set; of each server whose settings are known, where it doesn't say which it is. */
export function settingFor(software: Software | undefined, check: Check): string | undefined {
  const servers = software?.known === undefined ? KNOWN_SOFTWARE : [software.known];
  const settings = servers.flatMap((server) => SETTINGS[server][check] ?? []);
  return settings.length > 0 ? settings.join("; ") : undefined;
}
