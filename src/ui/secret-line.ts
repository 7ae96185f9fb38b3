import { Failure } from "../foundation/failures.js";
import { Secret } from "../foundation/secret.js";
import { answered } from "./answered.js";
import { regainKeys, stopAtTerminal } from "./job-control.js";
import { CTRL_C, CTRL_D, CTRL_Z, DELETE, markPastes, PASTE_ENDS, PASTE_MARKS, PASTE_STARTS } from "./keys.js";
import type { Terminal } from "./terminal.js";

/** Longer than any recovery key and any passphrase that a person types. */
const MAX_CHARACTERS = 1024;

const CTRL_U = "\u0015";
const BACKSPACES = ["\b", DELETE];
/** A mark of a paste that was cut. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it starts with one.
const BEGUN_MARK = /\u001b(?:\[(?:2(?:0[01]?)?)?)?$/;
/** What arrow keys and the like send. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they start with one.
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Z]|.)?/gs;

/** A recovery key that isn't whole: of its 48 characters at least a group of four is missing. */
const BEGUN_KEY = /^\s*Es(?:\s*[1-9A-HJ-NP-Za-km-z]){14,42}\s*$/;
const GO_ON = "A recovery key is longer. Go on with the rest of it, or press Enter to end it here:";

/** How a secret that is typed key by key comes to an end. */
interface Ends {
  readonly answer: (line: Secret) => void;
  readonly refuse: (reason: Failure) => void;
  /** Ctrl-C. */
  readonly interrupt: () => void;
  /** A line came to its end amidst a recovery key, so that the next one is taken for the rest of it. */
  readonly goOn: (advice: string) => void;
}

/**
 * A line that is typed, or pasted, and shown nowhere. A recovery key may be typed in several: what is pasted arrives in
 * pieces, and where they are cut is chance.
 */
export class SecretLine {
  #typed: string[] = [];
  /** Nothing was typed since a line break that didn't end the secret. */
  #isAtBreak = false;
  #endedInReturn = false;
  #isPasting = false;
  /** A line break in a paste, which counts only where more of it follows. */
  #hasBreak = false;
  #begunMark = "";
  readonly #ends: Ends;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** @param keys what came at once: a key, or a piece of a paste with the marks around it */
  press(keys: string): void {
    const text = this.#begunMark + keys;
    this.#begunMark = BEGUN_MARK.exec(text)?.[0] ?? "";
    const whole = text.slice(0, text.length - this.#begunMark.length);
    for (const piece of whole.split(PASTE_MARKS)) {
      if (piece === PASTE_STARTS || piece === PASTE_ENDS) {
        this.#isPasting = piece === PASTE_STARTS;
        this.#hasBreak = false;
      } else if (this.#isPasting) this.#paste(piece);
      else if (piece !== "") this.#press(piece);
    }
  }

  /** No line break in a paste is Enter: the terminal says where it ends. */
  #paste(piece: string): void {
    for (const character of piece) {
      if (/[\r\n]/.test(character)) {
        this.#hasBreak = true;
        continue;
      }
      if (this.#hasBreak) this.#type(" ");
      this.#hasBreak = false;
      this.#isAtBreak = false;
      this.#type(character);
    }
  }

  /** @param keys a key, or all that was pasted where no terminal marks that: only the last line break is Enter */
  #press(keys: string): void {
    // The second half of a line break that was cut is no Enter of its own.
    const whole = this.#endedInReturn && keys.startsWith("\n") ? keys.slice(1) : keys;
    this.#endedInReturn = keys.endsWith("\r");
    const text = whole.replace(ESCAPE_SEQUENCE, "");
    const [line = text] = text.split(/[\r\n]+$/);
    for (const character of line.replace(/[\r\n]+/g, " ")) {
      this.#isAtBreak = false;
      this.#type(character);
    }
    if (line.length < text.length) this.#enter();
  }

  #enter(): void {
    const text = this.#typed.join("");
    if (this.#isAtBreak || !BEGUN_KEY.test(text)) {
      this.#ends.answer(new Secret(text));
    } else {
      this.#isAtBreak = true;
      this.#ends.goOn(GO_ON);
    }
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
 * Asks for what nobody is to see. From the first question until `close` the terminal echoes nothing, so that what is
 * typed while an answer is looked at, as the rest of a paste, is neither shown nor taken for the next answer. Keys are
 * read one by one meanwhile, so Ctrl-C arrives as one.
 */
export class SecretQuestions {
  readonly #terminal: Terminal;
  readonly #interrupt: () => void;
  readonly #decoder = new TextDecoder();
  /** Puts the terminal back; absent while it is as it was. */
  #putBack: (() => void) | undefined;
  /** What listens to the keys while there is a question. */
  #question:
    | { readonly text: string; readonly press: (keys: string) => void; readonly end: () => void }
    | undefined;

  /** @param interrupt does what Ctrl-C does while there is no question that it could end */
  constructor(terminal: Terminal, interrupt: () => void) {
    this.#terminal = terminal;
    this.#interrupt = interrupt;
  }

  /**
   * @returns the line as it was typed, without the line break
   * @throws {Failure} `interrupted` for Ctrl-C; `user_cancelled` for Ctrl-D and at the end of input
   * @throws the signal's reason
   */
  async ask(question: string, signal: AbortSignal): Promise<Secret> {
    signal.throwIfAborted();
    const { output } = this.#terminal;
    // Before the question, so that no key is ever echoed.
    this.#putBack ??= this.#takeTerminal();
    output.write(`${question} `);
    try {
      return await answered<Secret>((answer, refuse) => {
        const interrupt = () => refuse(new Failure("interrupted"));
        const goOn = (advice: string) => output.write(`\n${advice} `);
        const line = new SecretLine({ answer, refuse, interrupt, goOn });
        const end = () => refuse(new Failure("user_cancelled"));
        this.#question = { text: question, press: (keys) => line.press(keys), end };
        if (!this.#terminal.input.readable) end();
      }, signal);
    } finally {
      this.#question = undefined;
      output.write("\n");
    }
  }

  /** Puts the terminal back as it was before the first question. */
  close(): void {
    this.#putBack?.();
    this.#putBack = undefined;
  }

  #takeTerminal(): () => void {
    const { input, output, jobControl } = this.#terminal;
    const wasRaw = input.isRaw;
    const onData = (chunk: Uint8Array | string) => {
      const keys = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
      if (keys === CTRL_Z) this.#stop();
      else if (this.#question) this.#question.press(keys);
      else if (keys.includes(CTRL_C)) this.#interrupt();
    };
    const onEnd = () => this.#question?.end();
    const forget = jobControl?.onContinue(() => {
      regainKeys(this.#terminal);
      markPastes(output, true);
      if (this.#question) output.write(`${this.#question.text} `);
    });
    input.setRawMode(true);
    markPastes(output, true);
    input.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    input.resume();
    return () => {
      input.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      forget?.();
      markPastes(output, false);
      input.setRawMode(wasRaw);
      input.pause();
    };
  }

  #stop(): void {
    const { output } = this.#terminal;
    markPastes(output, false);
    output.write("\n");
    stopAtTerminal(this.#terminal);
    markPastes(output, true);
  }
}
