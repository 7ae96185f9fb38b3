import { Failure } from "../foundation/failures.js";
import { Secret } from "../foundation/secret.js";
import { answered } from "./answered.js";
import type { Terminal } from "./terminal.js";

/** Longer than any recovery key and any passphrase that a person types. */
const MAX_CHARACTERS = 1024;

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACES = ["\b", "\u007f"];
/** What arrow keys and the like send. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they start with one.
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Z]|.)?/gs;

/** How a secret that is typed key by key comes to an end. */
interface Ends {
  readonly answer: (line: Secret) => void;
  readonly refuse: (reason: Failure) => void;
  /** Ctrl-C. */
  readonly interrupt: () => void;
}

/** A line that is typed, or pasted, and shown nowhere. */
export class SecretLine {
  #typed: string[] = [];
  readonly #ends: Ends;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** @param keys what came at once: a key, or all that was pasted, where only the last line break is Enter */
  press(keys: string): void {
    const text = keys.replace(ESCAPE_SEQUENCE, "");
    const [line = text] = text.split(/[\r\n]+$/);
    for (const character of line.replace(/[\r\n]+/g, " ")) {
      this.#type(character);
    }
    if (line.length < text.length) this.#ends.answer(new Secret(this.#typed.join("")));
  }

  #type(character: string): void {
    const { interrupt, refuse } = this.#ends;
    if (character === CTRL_C) interrupt();
    else if (character === CTRL_D && this.#typed.length === 0) refuse(new Failure("user_cancelled"));
    else if (character === CTRL_U) this.#typed = [];
    else if (BACKSPACES.includes(character)) this.#typed.pop();
    else if (!/\p{Cc}/u.test(character) && this.#typed.length < MAX_CHARACTERS) this.#typed.push(character);
  }
}

/**
 * Asks for a line that nobody is to see. The terminal shows nothing of it, not even its length, and is put back
 * whatever happens. Keys are read one by one meanwhile, so Ctrl-C arrives as one.
 *
 * @returns the line as it was typed, without the line break
 * @throws {Failure} `interrupted` for Ctrl-C; `user_cancelled` for Ctrl-D and at the end of input
 * @throws the signal's reason
 */
export async function askSecretly(
  { input, output }: Terminal,
  question: string,
  signal: AbortSignal,
): Promise<Secret> {
  signal.throwIfAborted();
  const wasRaw = input.isRaw;
  try {
    // Before the question, so that no key is ever echoed.
    input.setRawMode(true);
    output.write(`${question} `);
    return await readKeys(input, signal);
  } finally {
    input.setRawMode(wasRaw);
    input.pause();
    output.write("\n");
  }
}

async function readKeys(input: NodeJS.ReadStream, signal: AbortSignal): Promise<Secret> {
  const decoder = new TextDecoder();
  let stop = () => {};
  try {
    return await answered<Secret>((answer, refuse) => {
      const interrupt = () => refuse(new Failure("interrupted"));
      const line = new SecretLine({ answer, refuse, interrupt });
      const onData = (chunk: Uint8Array | string) => {
        line.press(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      };
      const onEnd = () => refuse(new Failure("user_cancelled"));
      input.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
      stop = () => input.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      input.resume();
    }, signal);
  } finally {
    stop();
  }
}
