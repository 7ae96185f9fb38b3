import type { DevHomeserverOptions } from "../dev-homeserver/options.js";
import { type SynapseAuthorization, startForSynapse } from "../dev-homeserver/synapse/start.js";
import { readNamedText, type TextKind } from "../files/read-named.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { Secret } from "../foundation/secret.js";
import type { Network } from "../network/network.js";
import { isLoopback } from "../network/url-policy.js";
import type { HomeserverOptions } from "./options/homeserver.js";

const SECRET: TextKind = {
  maxBytes: 4096,
  unusable: (origin, what) =>
    new Failure("file_error", `There is no secret in ${escapeText(origin, 1000)}: ${what}.`, {
      hint: "It has to be one line of at most 4096 printable ASCII characters, without spaces.",
    }),
};

/**
 * Starts the authorization server alone, in front of a Synapse. What Synapse is told, the secret first of all, goes over
 * https, unless it is on this machine or plain http is allowed to it.
 *
 * @throws {Failure} `usage_error`, `url_refused`, `file_error`, `network_error`, `server_error`; the signal's reason
 * @throws {Error} Node's, where it can't listen
 */
export async function startInFrontOfSynapse(
  synapse: string,
  options: HomeserverOptions,
  settings: DevHomeserverOptions,
  { http, urlPolicy }: Network,
  signal: AbortSignal,
): Promise<SynapseAuthorization> {
  const url = parseUrl("--synapse", synapse);
  const { synapseSecretFile, publicUrl, port, rendezvousMode, rendezvousLifetime, like } = options;
  if (synapseSecretFile === undefined) {
    throw new Failure("usage_error", "--synapse needs --synapse-secret-file.", {
      hint: "In that file is the secret of matrix_authentication_service in Synapse's settings.",
    });
  }
  if (port === undefined) {
    throw new Failure("usage_error", "--synapse needs --port.", {
      hint: "It is the port of the endpoint of matrix_authentication_service in Synapse's settings.",
    });
  }
  if (like !== undefined && like !== "synapse") {
    throw new Failure(
      "usage_error",
      "In front of a Synapse it can only do as Matrix Authentication Service does.",
      {
        hint: "Leave --like away.",
      },
    );
  }
  if (rendezvousMode !== undefined || rendezvousLifetime !== undefined) {
    throw new Failure(
      "usage_error",
      "With --synapse, rendezvous sessions are as Synapse's settings have them.",
      {
        hint: "Set experimental_features.msc4388_mode in Synapse.",
      },
    );
  }
  if (!isLoopback(url.hostname) && !options.allowRemoteSynapse) {
    throw new Failure("usage_error", `The Synapse at ${escapeText(url.host)} is on another machine.`, {
      hint: "The account's devices and keys are replaced there. If it is for tests, give --allow-remote-synapse.",
    });
  }
  urlPolicy.noteOwn(url);
  urlPolicy.check(url);
  const secret = await readSecret(synapseSecretFile, signal);
  return startForSynapse({
    ...settings,
    http,
    synapse: url,
    secret,
    signal,
    ...(publicUrl !== undefined && { publicUrl: parseUrl("--public-url", publicUrl) }),
  });
}

function parseUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase =
    url && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search + url.hash === "";
  if (isBase && url.username === "" && url.password === "") return url;
  throw new Failure(
    "usage_error",
    `${option} has to be like http://127.0.0.1:8008/, unlike ${escapeText(text)}.`,
  );
}

async function readSecret(path: string, signal: AbortSignal): Promise<Secret> {
  // Synapse reads its secret_path without the line feed that editors put at the end, too.
  const text = (await readNamedText(path, SECRET, signal)).trim();
  if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text);
  throw SECRET.unusable(path, "it is empty, or more than one word of ASCII");
}
