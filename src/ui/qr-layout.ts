import { bold } from "../foundation/colours.js";
import type { Qr } from "../foundation/events.js";
import { fitQr, type QrFit } from "../qr/draw/blocks.js";
import { LEVELS_BEST_FIRST } from "../qr/draw/modules.js";
import { type Canvas, type QrBlock, type QrOptions, qrBlock, sideBySide } from "./qr-block.js";
import { briefStepLines, briefStepText, type CodeKeys, stepLines } from "./qr-steps.js";
import { wrapProse } from "./wrap.js";

/** The narrowest and the widest that steps beside a code are read with ease. */
const STEPS_FROM = 27;
const STEPS_TO = 40;
/** The narrowest that they may be where there is no room for them below the code, in sentences and in a few words. */
const NARROW_FROM = 22;
const BRIEF_FROM = 10;
const GAP = 3;

/** A code that is to be scanned, with what a person may do with it. */
export interface CodeOnShow {
  readonly event: Qr;
  /** It has taken the place of one that expires soon. */
  readonly isNew: boolean;
  readonly keys: CodeKeys;
}

/** Where the steps are, or what there is instead of a code. */
type Form = "beside" | "below" | "brief_beside" | "brief_below" | "bare" | "instead" | "link";

export interface Layout {
  readonly lines: readonly string[];
  readonly form: Form;
}

/** A code as it is on show. */
export interface ShownCode {
  readonly block: QrBlock;
  readonly layout: Layout;
}

/**
 * A code, and as much of what to do with it as there is room for. The code is whole or not there; of its levels, the best
 * one is taken that leaves room for sentences, or else for a few words.
 */
export function fitCode(code: CodeOnShow, options: QrOptions, canvas: Canvas, coloured: boolean): ShownCode {
  const payload = Buffer.from(code.event.payload, "base64");
  const levels = options.ecLevel === "auto" ? LEVELS_BEST_FIRST : [options.ecLevel];
  const fits = levels.flatMap((ecLevel) => fitQr(payload, { ...options, ...canvas, ecLevel }) ?? []);
  const formOf = (fit: QrFit) => planSteps(code, fit, canvas, coloured).form;
  const best =
    fits.find((fit) => IN_SENTENCES.includes(formOf(fit))) ??
    fits.find((fit) => formOf(fit) !== "bare") ??
    fits[0];
  const block = qrBlock(code.event, { ...options, ...(best && { ecLevel: best.level }) }, canvas);
  return { block, layout: layOutCode(code, block, canvas, coloured) };
}

/** The same for a code that is drawn already. */
export function layOutCode(
  code: CodeOnShow,
  { lines: instead, drawing }: QrBlock,
  canvas: Canvas,
  coloured: boolean,
): Layout {
  if (!drawing) {
    // The first is prose; what follows is of use only in one piece.
    const [why = "", ...whole] = instead;
    return { form: "instead", lines: [...wrapProse(why, canvas.columns - 1), ...whole] };
  }
  const { form, steps } = planSteps(code, drawing, canvas, coloured);
  const isBeside = form === "beside" || form === "brief_beside";
  const lines = isBeside ? sideBySide(drawing.lines, steps, GAP) : [...drawing.lines, ...steps];
  return { form, lines };
}

const IN_SENTENCES: readonly Form[] = ["beside", "below"];

interface Plan {
  readonly form: Form;
  readonly steps: readonly string[];
}

function planSteps(
  code: CodeOnShow,
  { width, height }: Pick<QrFit, "width" | "height">,
  { columns, rows }: Canvas,
  coloured: boolean,
): Plan {
  const full = (room: number) => sentences(code, room, coloured);
  const brief = (room: number) => fewWords(code, room, coloured);
  const beside = (form: Form, steps: typeof full, narrowest: number): Plan | undefined => {
    const room = Math.min(STEPS_TO, columns - 1 - width - GAP);
    if (room < narrowest) return undefined;
    const plan = { form, steps: steps(room) };
    return plan.steps.length <= height ? plan : undefined;
  };
  const below = (form: Form, steps: readonly string[]): Plan | undefined =>
    height + steps.length <= rows ? { form, steps } : undefined;
  return (
    beside("beside", full, STEPS_FROM) ??
    below("below", ["", ...full(columns - 1)]) ??
    beside("beside", full, NARROW_FROM) ??
    beside("brief_beside", brief, BRIEF_FROM) ??
    below("brief_below", briefStepText(code.event, columns - 1, code.keys)) ?? { form: "bare", steps: [] }
  );
}

function sentences({ event, isNew, keys }: CodeOnShow, columns: number, coloured: boolean): string[] {
  const introduction = `Scan it with ${event.intent === "new" ? "a device that is signed in" : "the new device"}:`;
  return [
    ...(isNew ? [...newCode("This is a new code.", columns, coloured), ""] : []),
    ...wrapProse(introduction, columns),
    "",
    ...stepLines(event, columns, keys),
  ];
}

/** Without an introduction: the live line says whom the code is for. */
function fewWords({ event, isNew, keys }: CodeOnShow, columns: number, coloured: boolean): string[] {
  return [
    ...(isNew ? [...newCode("New code:", columns, coloured), ""] : []),
    ...briefStepLines(event, columns, keys),
  ];
}

function newCode(text: string, columns: number, coloured: boolean): string[] {
  return wrapProse(text, columns).map((line) => (coloured ? bold(line) : line));
}
