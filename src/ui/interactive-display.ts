import { foldDigits } from "../foundation/check-code.js";
import type { ChannelVersion, LoginEvent, Qr } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { answered } from "./answered.js";
import { describe, drawsLink, nextScene, OPENING, type Wait } from "./describe.js";
import type { Display, Prompt } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import type { MountedView, OnKeys, View } from "./interactive-view.js";
import { regainKeys, stopAtTerminal } from "./job-control.js";
import { CTRL_C, CTRL_D, CTRL_Z, DELETE, markPastes, PASTE_MARKS } from "./keys.js";
import { liveLine, type Waiting } from "./live-line.js";
import { LiveRegion } from "./live-region.js";
import type { QrOptions } from "./qr-block.js";
import { QrPanel } from "./qr-panel.js";
import { SecretLine } from "./secret-line.js";
import { styleLines } from "./style.js";
import { type Terminal, terminalPrompt } from "./terminal.js";

const TICK_MS = 120;
const CHECK_CODE_DIGITS = 2;

export interface InteractiveOptions {
  readonly context: Pick<DisplayContext, "env" | "stdin" | "stderr" | "clock">;
  /** Absent where no key can be read. */
  readonly terminal: Terminal | undefined;
  readonly qr: QrOptions;
  /** Does what Ctrl-C does otherwise: while keys are read one by one, the terminal only hands it on. */
  readonly interrupt: () => void;
}

interface Question {
  readonly attemptsLeft: number;
  readonly typed: string;
  readonly answer: (checkCode: string) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Steps and QR codes are printed at once and stay; below them one live line tells what is waited for, or takes
 * the check code. Only that line is ink's, which is loaded once there is something to wait for.
 */
export class InteractiveDisplay implements Display {
  readonly prompt?: Prompt;
  readonly #options: InteractiveOptions;
  readonly #region: LiveRegion;
  readonly #panel: QrPanel;
  readonly #coloured: boolean;
  readonly #closing = new AbortController();
  #scene = OPENING;
  #waiting: Waiting | undefined;
  #question: Question | undefined;
  /** What is typed now is shown nowhere. */
  #secret: { readonly text: string; readonly line: SecretLine } | undefined;
  /** The current QR code of each channel, while they are to be scanned. */
  readonly #codes = new Map<ChannelVersion, { readonly event: Qr; readonly waiting: Waiting }>();
  #chosenChannel: ChannelVersion = "msc4108-2024";
  /** The terminal edits a line by itself just now: the live line keeps away from it. */
  #suspended = false;
  #view: MountedView | undefined;
  #loading: Promise<void> | undefined;
  #tick = 0;
  readonly #forgetStops: (() => void) | undefined;

  constructor(options: InteractiveOptions) {
    this.#options = options;
    const { stderr } = options.context;
    this.#region = new LiveRegion(stderr);
    this.#panel = new QrPanel(stderr, this.#region, options.qr);
    this.#coloured = !options.context.env["NO_COLOR"];
    stderr.on("resize", this.#onResize);
    this.#forgetStops = options.terminal?.jobControl?.onContinue(this.#onContinue);
    if (options.terminal) this.prompt = this.#createPrompt(options.terminal);
  }

  emit(event: LoginEvent): void {
    const { lines, wait } = describe(event, this.#scene);
    this.#scene = nextScene(this.#scene, event);
    const printed = styleLines(lines, this.#coloured);
    if (event.event === "qr" && wait) {
      this.#codes.set(event.channel, { event, waiting: this.#startWaiting(wait) });
      if (this.#currentCode()?.event === event) this.#showCode(printed);
    } else {
      if (wait !== undefined) {
        this.#codes.clear();
        this.#waiting = wait ? this.#startWaiting(wait) : undefined;
      }
      this.#update();
      this.#region.print(printed);
      if (drawsLink(event, this.#scene)) this.#panel.showLink(event);
    }
    if (wait) void this.#load();
  }

  lacksRoomFor(payload: Uint8Array): boolean {
    return this.#panel.lacksRoomFor(payload);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#options.context.stderr.off("resize", this.#onResize);
    this.#forgetStops?.();
    this.#view?.unmount();
    this.prompt?.secretDone();
    this.#region.paint("");
    this.#options.terminal?.close();
  }

  #startWaiting({ text, expiresInMs }: Wait): Waiting {
    if (expiresInMs === undefined) return { text };
    return { text, deadline: this.#options.context.clock.now() + expiresInMs };
  }

  #currentCode() {
    return this.#codes.get(this.#chosenChannel) ?? this.#codes.values().next().value;
  }

  #showCode(heading: readonly string[]): void {
    const code = this.#currentCode();
    if (!code) return;
    this.#waiting = code.waiting;
    this.#update();
    this.#panel.show(code.event, heading);
  }

  readonly #onResize = () => {
    const code = this.#currentCode();
    if (code) this.#panel.refit(code.event);
  };

  /** After Ctrl-Z and `fg`: what was on show stands above what the shell has printed since. */
  readonly #onContinue = () => {
    const { terminal } = this.#options;
    if (terminal && this.#view && !this.#suspended) regainKeys(terminal);
    this.#region.startBelow();
    if (this.#currentCode()) this.#showCode([]);
    else this.#update();
  };

  /** The channel whose code a key brings up instead: there is one where the homeserver has both versions. */
  #otherChannel(): ChannelVersion | undefined {
    const current = this.#currentCode()?.event.channel;
    return [...this.#codes.keys()].find((channel) => channel !== current);
  }

  #load(): Promise<void> {
    this.#loading ??= this.#mount();
    return this.#loading;
  }

  async #mount(): Promise<void> {
    const { mountView } = await import("./interactive-view.js");
    if (this.#closing.signal.aborted) return;
    const { context, terminal } = this.#options;
    this.#view = mountView({
      input: terminal?.input ?? context.stdin,
      columns: () => this.#columns(),
      paint: (frame) => this.#region.paint(frame),
      onKeys: this.#onKeys,
      view: this.#look(),
    });
    void this.#keepTicking();
  }

  async #keepTicking(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#options.context.clock.sleep(TICK_MS, signal).catch(() => undefined);
      this.#tick++;
      this.#update();
    }
  }

  #update(): void {
    if (this.#closing.signal.aborted) return;
    const look = this.#look();
    this.#view?.update(look);
    if (this.#view) return;
    // Until ink is there, what is waited for stands still.
    const text = look.wait ? [look.wait.text, ...look.wait.details].join(" · ") : "";
    this.#region.paint(text.slice(0, this.#columns()));
  }

  /** A line that fills its row would leave the cursor in the next one on some terminals. */
  #columns(): number {
    return this.#options.context.stderr.columns - 1;
  }

  #look(): View {
    const look = {
      readsKeys: this.#options.terminal !== undefined && !this.#suspended,
      coloured: this.#coloured,
      tick: this.#tick,
    };
    if (this.#secret) return { ...look, question: { text: this.#secret.text } };
    if (this.#suspended) return look;
    const [waiting, question, other] = [this.#waiting, this.#question, this.#otherChannel()];
    return { ...look, ...liveLine({ waiting, question, other, now: this.#options.context.clock.now() }) };
  }

  readonly #onKeys: OnKeys = (characters) => {
    const { terminal } = this.#options;
    if (characters === CTRL_Z && terminal) return stopAtTerminal(terminal);
    if (this.#secret) {
      this.#secret.line.press(characters);
      return;
    }
    for (const character of characters.replace(PASTE_MARKS, "")) {
      if (character === CTRL_C) this.#options.interrupt();
      else if (this.#question) this.#edit(this.#question, character);
      else if (character === "c") this.#switchCode();
    }
    this.#update();
  };

  #edit(question: Question, character: string): void {
    const { typed, answer, refuse } = question;
    const retype = (text: string) => {
      this.#question = { ...question, typed: text };
    };
    const digit = foldDigits(character);
    if (/^\d$/.test(digit) && typed.length < CHECK_CODE_DIGITS) retype(typed + digit);
    else if (character === "\b" || character === DELETE) retype(typed.slice(0, -1));
    else if (character === CTRL_D) refuse(new Failure("user_cancelled"));
    else if (/^[\r\n]$/.test(character) && typed.length === CHECK_CODE_DIGITS) answer(typed);
  }

  #switchCode(): void {
    const other = this.#otherChannel();
    if (!other) return;
    this.#chosenChannel = other;
    this.#showCode([]);
  }

  #createPrompt(terminal: Terminal): Prompt {
    const lines = terminalPrompt(terminal, this.#options.interrupt);
    return {
      checkCode: (attemptsLeft, signal) => this.#askCheckCode(attemptsLeft, signal),
      confirm: (question, signal) => this.#suspendFor(() => lines.confirm(question, signal)),
      text: (question, signal) => this.#suspendFor(() => lines.text(question, signal)),
      secret: (question, signal) => this.#askSecretly(lines, question, signal),
      secretDone: lines.secretDone,
    };
  }

  async #askCheckCode(attemptsLeft: number, signal: AbortSignal): Promise<string> {
    await this.#load();
    try {
      return await answered<string>((answer, refuse) => {
        this.#question = { attemptsLeft, typed: "", answer, refuse };
        this.#update();
      }, signal);
    } finally {
      this.#question = undefined;
      this.#update();
    }
  }

  /** Ink reads the keys where it is there already: then the terminal is its to put back. */
  async #askSecretly(lines: Prompt, question: string, signal: AbortSignal): Promise<Secret> {
    if (!this.#loading) return this.#suspendFor(() => lines.secret(question, signal));
    await this.#load();
    // Ink does so too, a moment after it is told that keys are read.
    this.#options.terminal?.input.setRawMode(true);
    const above = question.split("\n");
    const text = above.pop() ?? "";
    this.#region.print(above);
    const { interrupt, context } = this.#options;
    markPastes(context.stderr, true);
    try {
      return await answered<Secret>((answer, refuse) => {
        const goOn = (advice: string) => this.#region.print([advice]);
        this.#secret = { text, line: new SecretLine({ answer, refuse, interrupt, goOn }) };
        this.#update();
      }, signal);
    } finally {
      markPastes(context.stderr, false);
      this.#secret = undefined;
      this.#update();
    }
  }

  async #suspendFor<T>(ask: () => Promise<T>): Promise<T> {
    this.#suspended = true;
    this.#update();
    try {
      return await ask();
    } finally {
      this.#suspended = false;
      this.#update();
    }
  }
}
