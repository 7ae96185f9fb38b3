import { foldDigits } from "../foundation/check-code.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { answered } from "./answered.js";
import type { Prompt } from "./display.js";
import type { View } from "./interactive-view.js";
import { CTRL_D, DELETE, markPastes } from "./keys.js";
import { SecretLine } from "./secret-line.js";
import type { Terminal } from "./terminal.js";
import { terminalPrompt } from "./terminal-prompt.js";

const CHECK_CODE_DIGITS = 2;
/** What the question for a check code takes in its usual words, with the digits behind it. */
const WIDE_QUESTION = 34;

/** The live line, in which questions are asked. */
export interface LiveLine {
  /** Whether keys are read one by one, or are about to be. */
  readonly isLoading: boolean;
  /** Resolves once keys are read one by one. */
  load(): Promise<void>;
  /** What it shows has changed. */
  update(): void;
  print(lines: readonly string[]): void;
  interrupt(): void;
}

interface CheckCodeQuestion {
  readonly typed: string;
  readonly answer: (checkCode: string) => void;
  readonly refuse: (reason: unknown) => void;
}

/** Asks in the live line what is typed key by key, and has the terminal itself edit whole lines. */
export class InteractivePrompt implements Prompt {
  readonly secretDone: () => void;
  readonly #terminal: Terminal;
  readonly #live: LiveLine;
  readonly #lines: Prompt;
  #checkCode: CheckCodeQuestion | undefined;
  /** What is typed now is shown nowhere. */
  #secret: { readonly text: string; readonly line: SecretLine } | undefined;
  #isSuspended = false;

  constructor(terminal: Terminal, live: LiveLine) {
    this.#terminal = terminal;
    this.#live = live;
    this.#lines = terminalPrompt(terminal, () => live.interrupt());
    this.secretDone = this.#lines.secretDone;
  }

  /** The terminal edits a line by itself just now: the live line keeps away from it. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** What is asked in the live line, of which so many columns are left beside the time. */
  question(timeLeft: string | undefined, columns: number): View["question"] | undefined {
    if (this.#secret) return { text: this.#secret.text };
    if (this.#isSuspended || !this.#checkCode) return undefined;
    const time = timeLeft === undefined ? {} : { time: timeLeft };
    const text = columns < WIDE_QUESTION ? "Check code shown there:" : "Check code on the other device:";
    return { ...time, text, typed: this.#checkCode.typed };
  }

  /** All that is typed belongs to a secret, control characters too. */
  get takesAllKeys(): boolean {
    return this.#secret !== undefined;
  }

  /** @returns whether there was a question that it is for */
  press(characters: string): boolean {
    if (this.#secret) this.#secret.line.press(characters);
    else if (this.#checkCode) this.#edit(this.#checkCode, characters);
    else return false;
    return true;
  }

  async checkCode(_attemptsLeft: number, signal: AbortSignal): Promise<string> {
    await this.#live.load();
    try {
      return await answered<string>((answer, refuse) => {
        this.#checkCode = { typed: "", answer, refuse };
        this.#live.update();
      }, signal);
    } finally {
      this.#checkCode = undefined;
      this.#live.update();
    }
  }

  confirm(question: string, signal: AbortSignal): Promise<boolean> {
    return this.#suspendFor(() => this.#lines.confirm(question, signal));
  }

  text(question: string, signal: AbortSignal): Promise<string> {
    return this.#suspendFor(() => this.#lines.text(question, signal));
  }

  /** Ink reads the keys where it is there already: then the terminal is its to put back. */
  async secret(question: string, signal: AbortSignal): Promise<Secret> {
    if (!this.#live.isLoading) return this.#suspendFor(() => this.#lines.secret(question, signal));
    await this.#live.load();
    // Ink does so too, a moment after it is told that keys are read.
    this.#terminal.input.setRawMode(true);
    const above = question.split("\n");
    const text = above.pop() ?? "";
    this.#live.print(above);
    const interrupt = () => this.#live.interrupt();
    markPastes(this.#terminal.output, true);
    try {
      return await answered<Secret>((answer, refuse) => {
        const goOn = (advice: string) => this.#live.print([advice]);
        this.#secret = { text, line: new SecretLine({ answer, refuse, interrupt, goOn }) };
        this.#live.update();
      }, signal);
    } finally {
      markPastes(this.#terminal.output, false);
      this.#secret = undefined;
      this.#live.update();
    }
  }

  #edit(question: CheckCodeQuestion, character: string): void {
    const { typed, answer, refuse } = question;
    const retype = (text: string) => {
      this.#checkCode = { ...question, typed: text };
    };
    const digit = foldDigits(character);
    if (/^\d$/.test(digit) && typed.length < CHECK_CODE_DIGITS) retype(typed + digit);
    else if (character === "\b" || character === DELETE) retype(typed.slice(0, -1));
    else if (character === CTRL_D) refuse(new Failure("user_cancelled"));
    else if (/^[\r\n]$/.test(character) && typed.length === CHECK_CODE_DIGITS) answer(typed);
  }

  async #suspendFor<T>(ask: () => Promise<T>): Promise<T> {
    this.#isSuspended = true;
    this.#live.update();
    try {
      return await ask();
    } finally {
      this.#isSuspended = false;
      this.#live.update();
    }
  }
}
