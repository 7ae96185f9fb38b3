import type { LoginEvent } from "../foundation/events.js";
import type { CodePicture } from "./code-picture.js";
import { CodesOnShow } from "./codes-on-show.js";
import { describe } from "./describe.js";
import type { Wait } from "./description.js";
import type { Display } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import { InteractivePrompt } from "./interactive-prompt.js";
import type { MountedView, OnKeys, View } from "./interactive-view.js";
import { regainKeys, stopAtTerminal } from "./job-control.js";
import { CTRL_C, CTRL_Z, PASTE_MARKS } from "./keys.js";
import { LiveRegion } from "./live-region.js";
import { fileToo, type QrOptions } from "./qr-block.js";
import { QrPanel } from "./qr-panel.js";
import { drawsLink, nextScene, OPENING, type Scene } from "./scene.js";
import { styleLines } from "./style.js";
import type { Terminal } from "./terminal.js";
import { startWaiting, textFor, timeLeft, type Waiting } from "./waiting.js";

const TICK_MS = 120;
/** A spinner or a question mark, before the text of the live line. */
const SPINNER_COLUMNS = 2;

export interface InteractiveOptions {
  readonly context: Pick<DisplayContext, "env" | "stdin" | "stderr" | "clock">;
  /** Absent where no key can be read. */
  readonly terminal: Terminal | undefined;
  readonly qr: QrOptions;
  readonly scene?: Scene;
  /** Whether the terminal's bell calls for what a person has to do. */
  readonly bell?: boolean;
  /** Absent where no picture can be written. */
  readonly picture?: Pick<CodePicture, "opens" | "open" | "renew" | "remove"> | undefined;
  /** Does what Ctrl-C does otherwise: while keys are read one by one, the terminal only hands it on. */
  readonly interrupt: () => void;
}

/**
 * Steps are printed at once and stay; below them is the one code that is to be scanned, and one live line, which tells
 * what is waited for, or takes the check code. Only that line is ink's, which is loaded once a person has something to do.
 */
export class InteractiveDisplay implements Display {
  readonly prompt?: InteractivePrompt;
  readonly #options: InteractiveOptions;
  readonly #region: LiveRegion;
  readonly #panel: QrPanel;
  readonly #coloured: boolean;
  readonly #closing = new AbortController();
  readonly #codes = new CodesOnShow();
  #scene: Scene;
  #waiting: Waiting | undefined;
  #fileTold: string | undefined;
  #view: MountedView | undefined;
  #loading: Promise<void> | undefined;
  #tick = 0;
  readonly #forgetStops: (() => void) | undefined;

  constructor(options: InteractiveOptions) {
    this.#options = options;
    const { stderr } = options.context;
    this.#scene = options.scene ?? OPENING;
    this.#coloured = !options.context.env["NO_COLOR"];
    this.#region = new LiveRegion(stderr);
    this.#panel = new QrPanel(stderr, this.#region, options.qr, this.#coloured);
    stderr.on("resize", this.#onResize);
    this.#forgetStops = options.terminal?.jobControl?.onContinue(this.#onContinue);
    if (options.terminal) this.prompt = this.#createPrompt(options.terminal);
  }

  emit(event: LoginEvent): void {
    const { lines, wait } = describe(event, this.#scene);
    this.#scene = nextScene(this.#scene, event);
    if (event.event === "qr" && wait) {
      this.#codes.put(event, this.#startWaiting(wait));
      this.#showCode();
    } else {
      if (wait !== undefined) this.#wait(wait);
      // What is waited for now is the person: the page that a link leads to stays in sight.
      if (wait !== undefined && event.event !== "waiting_for_consent") this.#panel.clear();
      this.#update();
      this.#region.print(styleLines(lines, { coloured: this.#coloured, columns: this.#columns() }));
      if (drawsLink(event, this.#scene)) this.#panel.showLink(event);
    }
    if (this.#options.bell && CALLS.includes(event.event)) this.#region.ring();
    // Until a person has something to do, nothing is worth the time that ink takes to load.
    if (wait && event.event !== "started") void this.#load();
  }

  awaiting(text: string): void {
    this.#wait({ text });
    this.#update();
  }

  log(line: string): void {
    this.#region.print([line]);
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
    this.#panel.clear();
    this.#region.paint("");
    this.#options.terminal?.close();
    this.#options.picture?.remove();
  }

  #wait(wait: Wait | null): void {
    this.#codes.clear();
    this.#waiting = wait ? this.#startWaiting(wait) : undefined;
  }

  #startWaiting(wait: Wait): Waiting {
    return startWaiting(wait, this.#waiting, this.#options.context.clock.now());
  }

  #showCode(): void {
    const code = this.#codes.current;
    if (!code) return;
    this.#waiting = code.waiting;
    this.#panel.show({ ...code, keys: this.#keys() });
    // What stands in for a code that doesn't fit names its file by itself.
    if (this.#panel.isDrawn) this.#tellFile(code.event.file);
    this.#options.picture?.renew(code.event);
    this.#update();
  }

  #keys() {
    const readsKeys = this.#options.terminal !== undefined;
    return {
      other: readsKeys && this.#codes.hasOther,
      picture: readsKeys && this.#options.picture?.opens === true,
    };
  }

  #tellFile(file: string | undefined): void {
    if (file === undefined || file === this.#fileTold) return;
    this.#fileTold = file;
    this.#region.print(fileToo(file));
  }

  readonly #onResize = () => {
    this.#panel.refit();
    this.#update();
  };

  /** After Ctrl-Z and `fg`: what was on show stands above what the shell has printed since. */
  readonly #onContinue = () => {
    const { terminal } = this.#options;
    if (terminal && this.#view && !this.prompt?.isSuspended) regainKeys(terminal);
    this.#region.startBelow();
    this.#update();
  };

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
    const { time, text = "" } = look.wait ?? {};
    const shown = [...(time ? [time] : []), text].join(" ");
    this.#region.paint(shown.slice(0, this.#columns()));
  }

  /** A line that fills its row would leave the cursor in the next one on some terminals. */
  #columns(): number {
    return this.#options.context.stderr.columns - 1;
  }

  #look(): View {
    const { clock } = this.#options.context;
    const isSuspended = this.prompt?.isSuspended ?? false;
    const look = {
      readsKeys: this.#options.terminal !== undefined && !isSuspended,
      coloured: this.#coloured,
      tick: this.#tick,
    };
    const waiting = this.#waiting;
    const left = waiting && timeLeft(waiting, clock.now());
    const columns = this.#columns() - SPINNER_COLUMNS - (left === undefined ? 0 : left.length + 1);
    const question = this.prompt?.question(left, columns);
    if (question) return { ...look, question };
    if (isSuspended || !waiting) return look;
    const time = left === undefined ? {} : { time: left };
    const code = this.#codes.current;
    const told = this.#codes.noticeAt(clock.now());
    const text = code
      ? (told ?? this.#panel.lineFor({ ...code, keys: this.#keys() }, columns))
      : textFor(waiting, columns);
    return { ...look, wait: { ...time, text } };
  }

  readonly #onKeys: OnKeys = (characters) => {
    const { terminal } = this.#options;
    if (characters === CTRL_Z && terminal) {
      this.#stop(terminal);
      return;
    }
    if (this.prompt?.takesAllKeys) {
      this.prompt.press(characters);
      return;
    }
    for (const character of characters.replace(PASTE_MARKS, "")) {
      if (character === CTRL_C) this.#options.interrupt();
      else if (!this.prompt?.press(character)) this.#onCodeKey(character);
    }
    this.#update();
  };

  /** Nobody answers a code that is scanned meanwhile. */
  #stop(terminal: Terminal): void {
    const { clock } = this.#options.context;
    this.#region.putAway();
    stopAtTerminal(terminal);
    // A signal tells that the process goes on; none does where it could not be stopped.
    const late = clock.sleep(TICK_MS, this.#closing.signal).then(() => {
      if (this.#region.isAway) this.#onContinue();
    });
    late.catch(() => undefined);
  }

  #onCodeKey(character: string): void {
    const code = this.#codes.current;
    if (!code) return;
    if (character === "o") this.#options.picture?.open(code.event, this.#tellOfPicture);
    if (character !== "c" || !this.#codes.hasOther) return;
    this.#codes.switch();
    this.#showCode();
  }

  /** Above a code that fills the window, nobody would see it. */
  readonly #tellOfPicture = (text: string) => {
    if (this.#closing.signal.aborted) return;
    this.#codes.notify(text, this.#options.context.clock.now());
    this.#region.print([text]);
    this.#update();
  };

  #createPrompt(terminal: Terminal): InteractivePrompt {
    const isLoading = () => this.#loading !== undefined;
    return new InteractivePrompt(terminal, {
      get isLoading() {
        return isLoading();
      },
      load: () => this.#load(),
      update: () => this.#update(),
      print: (lines) => this.#region.print(lines),
      interrupt: () => this.#options.interrupt(),
    });
  }
}

/** What a person who looks elsewhere has to hear of: digits are wanted, or it is over. */
const CALLS: readonly LoginEvent["event"][] = ["check_code_required", "done", "failure"];
