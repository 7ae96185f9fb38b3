import { escapeText } from "../../foundation/escape-text.js";

/** Markup, as opposed to text: only `html` makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Content = string | Html | undefined;

/** A template whose values are escaped unless they are markup themselves. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, at) => part + markup(values[at])).join(""));
}

function markup(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  return escapeText(value, Number.POSITIVE_INFINITY).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
