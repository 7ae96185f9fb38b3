import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { type Check, type Diagnosis, type Finding, type State, verdictOf } from "./findings.js";
import { settingAgainst, settingFor } from "./settings.js";
import type { Software } from "./software.js";

/** In UTF-16 units: issuers and what servers say about a refusal are in it. */
const MAX_MESSAGE = 1_000;

/** The findings as they are made. */
export class Report {
  /** Whose settings are named from now on. */
  software: Software | undefined;
  readonly #tell: (finding: Finding) => void;
  readonly #findings: Finding[] = [];
  #obstacle: Failure | undefined;

  constructor(tell: (finding: Finding) => void) {
    this.#tell = tell;
  }

  /** @param more what else there is to say; without a setting of its own, that of the check is named */
  find(check: Check, state: State, message: string, more: Partial<Finding> = {}): void {
    const setting = more.setting ?? (state === "ok" ? undefined : settingFor(this.software, check));
    const finding: Finding = {
      event: "check",
      check,
      state,
      message: escapeText(message, MAX_MESSAGE),
      ...more,
      ...(setting === undefined ? {} : { setting }),
    };
    this.#findings.push(finding);
    this.#tell(finding);
  }

  /**
   * A request failed that every sign-in makes.
   *
   * @throws what was thrown, where it is no failure
   */
  findObstacle(check: Check, thrown: unknown, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (!(thrown instanceof Failure)) throw thrown;
    this.#obstacle ??= thrown;
    const against = check === "oauth" ? settingAgainst(this.software, thrown) : undefined;
    this.find(check, "missing", thrown.message, against === undefined ? {} : { setting: against });
  }

  get diagnosis(): Diagnosis {
    const findings = this.#findings;
    return {
      findings,
      verdict: verdictOf(findings),
      ...(this.#obstacle === undefined ? {} : { obstacle: this.#obstacle }),
    };
  }
}
