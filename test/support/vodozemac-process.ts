import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as v from "valibot";
import type { Peer } from "./peers.js";

const Answer = v.object({
  public_key: v.optional(v.string()),
  message: v.optional(v.string(), ""),
  plaintext: v.optional(v.string()),
  check_code: v.optional(v.string()),
  error: v.optional(v.string()),
});
export type Answer = v.InferOutput<typeof Answer>;

/** One end of MSC4388's channel as vodozemac makes it: test/peers/vodozemac/main.rs says what it takes. */
export class VodozemacProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #stdin: NodeJS.WritableStream;

  constructor({ command: [program] }: Peer, args: readonly string[]) {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#stdin = child.stdin;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** G's public key, which it tells first. */
  async publicKey(): Promise<Uint8Array> {
    const { public_key: key = "" } = await this.#read();
    return new Uint8Array(Buffer.from(key, "hex"));
  }

  async ask(command: string, fields: Readonly<Record<string, string>>, aad: Uint8Array): Promise<Answer> {
    this.#stdin.write(`${JSON.stringify({ command, ...fields, aad: Buffer.from(aad).toString("hex") })}\n`);
    return this.#read();
  }

  async destroy(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill();
    await once(this.#child, "close");
  }

  async #read(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("vodozemac has ended.");
    return v.parse(Answer, JSON.parse(value));
  }
}
