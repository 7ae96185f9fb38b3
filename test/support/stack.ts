import { afterAll, beforeAll } from "vitest";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import { MasStack } from "./stack-mas.js";
import { SynapseStack } from "./stack-synapse.js";

/** How Synapse and its authorization server are set. */
export type StackSettings = Readonly<Partial<Record<StackSetting, string>>>;
type StackSetting =
  | "MSC4388_MODE"
  | "MSC4108_2024"
  | "AUTOFILL"
  | "DEVICE_GRANT"
  | "TOKEN_TTL"
  | "SCHEME"
  | "SERVER_NAME";

/** By the names that admins have for them: `mas` is the authorization server, whichever it is. */
export type Server = "synapse" | "mas";
export type User = "alice" | "bob";

/** A device that was signed in without anybody's consent. */
export interface Login {
  readonly userId: string;
  readonly deviceId: string;
  /** It doesn't expire. */
  readonly accessToken: string;
}

/** How a person finds their way on the consent page. */
export interface ConsentPage {
  /** What has to be ticked, if anything has. */
  readonly confirm?: string;
  readonly allow: string;
  /** What is read in the end. */
  readonly allowed: string;
}

/** Synapse, an authorization server and a proxy in front of both, on loopback, with fresh databases. */
export interface Stack {
  /** As its users know it, and as it calls itself. */
  readonly baseUrl: URL;
  /** The same over plain http, whatever the scheme: for what tests ask by themselves. */
  readonly plainUrl: URL;
  /** Alice's. */
  readonly password: string;
  readonly consentPage: ConsentPage;
  /** What a program needs to trust its certificate. */
  readonly trust: Readonly<Record<string, string>>;

  signIn(user: User, deviceId: string): Promise<Login>;
  /**
   * Does what alice does on the consent page: log in, type the code where it is asked for, decide.
   *
   * @returns false where the page breaks
   */
  decide(link: string, userCode: string, decision: Decision): Promise<boolean>;
  /** Makes the time to consent be over. */
  expireAuthorization(userCode: string): Promise<void>;
  /**
   * Puts settings into a configuration, in the place of those of the same name. They count after a restart.
   *
   * @param yaml one setting of the top level, with what is below it
   */
  configure(server: Server, yaml: string): Promise<void>;
  /** Gives nginx other locations, in which Synapse is at port 8008 and the authorization server at 8080. */
  configureProxy(locations: string): Promise<void>;
  /** Kills a server and starts it anew. Synapse has forgotten all rendezvous sessions then. */
  restart(server: Server): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 180_000;
const STOP_MS = 60_000;

/** A stack for all tests of a file. It can be had from the first test on. */
export function provideStack(settings: StackSettings = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    const kind = process.env["STACK_WITH"] === "mas" ? MasStack : SynapseStack;
    stack = await kind.start(settings);
  }, START_MS);
  afterAll(() => stack?.stop(), STOP_MS);
  return () => {
    if (!stack) throw new Error("The stack runs from the first test on.");
    return stack;
  };
}
