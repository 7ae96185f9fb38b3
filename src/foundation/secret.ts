const SHOWN = "[secret]";

/**
 * A token or a private key in memory. Whatever prints it by mistake, alone or within something else
 * (`console.log`, `util.inspect`, `JSON.stringify`, a template), shows `[secret]`.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: for the wire, for a file of the owner's, for a computation. */
  reveal(): string {
    return this.#text;
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}

/** A value with the texts of the secrets in it. */
export type Revealed<T> = T extends Secret
  ? string
  : T extends object
    ? { [K in keyof T]: Revealed<T[K]> }
    : T;

/** A copy of plain data in which secrets are their texts: what is written to files and sent to others. */
export function revealed<T>(value: T): Revealed<T>;
export function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map((item: unknown) => revealed(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]));
}
