import type { LoginEvent } from "../../src/foundation/events.js";
import { describe } from "../../src/ui/describe.js";
import { OPENING, type Scene } from "../../src/ui/scene.js";

export const asNew: Scene = OPENING;
export const asExisting: Scene = { ...OPENING, role: "existing" };

/** The lines that tell of an event. */
export function texts(event: LoginEvent, scene = asNew): string[] {
  return describe(event, scene).lines.map((line) => line.text);
}
