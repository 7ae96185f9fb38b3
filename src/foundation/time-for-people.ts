import { escapeText } from "./escape-text.js";

/** A time as people read it: "2026-01-01 00:02 UTC". What is none is shown as it is. */
export function timeForPeople(rfc3339: string): string {
  const time = new Date(rfc3339);
  if (Number.isNaN(time.getTime())) return escapeText(rfc3339);
  const [date = "", clock = ""] = time.toISOString().split("T");
  return `${date} ${clock.slice(0, 5)} UTC`;
}
