import * as v from "valibot";
import { type Revealed, revealed } from "../foundation/secret.js";
import { SecretsBundle } from "./secrets.js";

/** The messages of MSC4108 §Message reference, as the roles see them, the same for both versions. */
export type Message =
  | LoginProtocols
  | LoginProtocol
  | { readonly type: "m.login.protocol_accepted" }
  | LoginFailure
  | { readonly type: "m.login.declined" }
  | { readonly type: "m.login.success" }
  | LoginSecrets;

export type MessageType = Message["type"];
export type MessageOf<T extends MessageType> = Extract<Message, { type: T }>;

interface LoginProtocols {
  readonly type: "m.login.protocols";
  readonly protocols: readonly string[];
  /** A base URL; in the 2024 version a server name too. */
  readonly homeserver: string;
}

export interface LoginProtocol {
  readonly type: "m.login.protocol";
  readonly protocol: string;
  readonly device_authorization_grant?:
    | { readonly verification_uri: string; readonly verification_uri_complete?: string | null | undefined }
    | null
    | undefined;
  readonly device_id: string;
}

export interface LoginFailure {
  readonly type: "m.login.failure";
  readonly reason: string;
  readonly homeserver?: string | null | undefined;
}

interface LoginSecrets extends SecretsBundle {
  readonly type: "m.login.secrets";
}

export const DEVICE_AUTHORIZATION_GRANT = "device_authorization_grant";

/** What is sent of a message: its JSON, with the secrets in the clear. */
type MessageJson = Revealed<Message> | (Omit<LoginProtocols, "homeserver"> & { readonly base_url: string });

/** How messages are read and written in one version of the proposal. */
export interface MessageFormat {
  /** Undefined for what is no message of this version. Unknown fields are ignored. */
  read(value: unknown): Message | undefined;
  write(message: Message): MessageJson;
}

const ShortText = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
const UrlText = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));

const CommonMessages = [
  v.object({
    type: v.literal("m.login.protocol"),
    protocol: ShortText,
    device_authorization_grant: v.nullish(
      v.object({ verification_uri: UrlText, verification_uri_complete: v.nullish(UrlText) }),
    ),
    device_id: ShortText,
  }),
  v.object({ type: v.literal("m.login.protocol_accepted") }),
  v.object({
    type: v.literal("m.login.failure"),
    reason: ShortText,
    homeserver: v.nullish(v.pipe(v.string(), v.maxLength(255))),
  }),
  v.object({ type: v.literal("m.login.declined") }),
  v.object({ type: v.literal("m.login.success") }),
  v.object({ type: v.literal("m.login.secrets"), ...SecretsBundle.entries }),
] as const;

const protocols = v.pipe(v.array(ShortText), v.maxLength(32));

const Msc4388Messages = v.variant("type", [
  v.object({
    type: v.literal("m.login.protocols"),
    protocols,
    base_url: v.pipe(UrlText, v.url()),
  }),
  ...CommonMessages,
]);

/** MSC4108 over MSC4388: `m.login.protocols` names the homeserver by its base URL. */
export const msc4388Messages: MessageFormat = {
  read(value) {
    const { success, output } = v.safeParse(Msc4388Messages, value);
    if (!success) return undefined;
    if (output.type !== "m.login.protocols") return output;
    return { type: output.type, protocols: output.protocols, homeserver: output.base_url };
  },
  write(message) {
    if (message.type !== "m.login.protocols") return revealed(message);
    return { type: message.type, protocols: message.protocols, base_url: message.homeserver };
  },
};

const Msc4108Messages = v.variant("type", [
  v.object({ type: v.literal("m.login.protocols"), protocols, homeserver: UrlText }),
  ...CommonMessages,
]);

/** MSC4108's 2024 version: `m.login.protocols` names it by its server name, or as matrix-rust-sdk does by a URL. */
export const msc4108Messages: MessageFormat = {
  read(value) {
    const { success, output } = v.safeParse(Msc4108Messages, value);
    return success ? output : undefined;
  },
  write: (message) => revealed(message),
};
