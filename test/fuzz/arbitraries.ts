import fc from "fast-check";

/** Inputs that are nearly right: what is only random gets no further than a parser's first line. */

type Edit = readonly [kind: number, at: number, value: number, length: number];

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.tuple(fc.nat(5), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255), fc.nat(40)),
  { minLength: 1, maxLength: 4 },
);

/** Puts, takes out, overwrites, doubles or cuts off. */
function edited<T>(items: readonly T[], [kind, place, value, length]: Edit, item: (value: number) => T): T[] {
  const at = Math.floor(place * items.length);
  const [before, after] = [items.slice(0, at), items.slice(at)];
  switch (kind) {
    case 0:
      return [...before, item(value), ...after.slice(1)];
    case 1:
      return [...before, ...after.slice(length)];
    case 2:
      return [...before, ...Array.from({ length }, () => item(value)), ...after];
    case 3:
      return [...before, ...after.slice(0, length), ...after];
    case 4:
      return before;
    default:
      return [...before, item(value), ...after];
  }
}

/** The bytes with up to four changes, some of which may undo each other. */
export function nearlyBytes(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(valid, edits)
    .map(([bytes, changes]) =>
      Uint8Array.from(changes.reduce((items, edit) => edited(items, edit, (value) => value), [...bytes])),
    );
}

/** Characters that mean something to one parser or another, and some that mean nothing to any. */
const CHARACTERS = [
  ..."aZ0189+/=-_.:;,@#?&%|~\\'\"`<>{}[]() \t\r\n\0\u001b\u0007\u00ad\u200b\u202e\u2028\ufeff\ufffdöß€",
  "\u{1f600}",
  "\ud800",
  "\u{e0041}",
];

/** The text with up to four changes. */
export function nearlyText(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const character = (value: number) => CHARACTERS[value % CHARACTERS.length] ?? "";
  return fc
    .tuple(valid, edits)
    .map(([text, changes]) =>
      changes.reduce((items, edit) => edited(items, edit, character), [...text]).join(""),
    );
}

export const anyText = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 40 }).map((characters) => characters.join("")),
);
export const anyBytes = fc.uint8Array({ maxLength: 300 });
export const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

function nested(depth: number, innermost: unknown): unknown {
  let value = innermost;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { deeper: value };
  return value;
}

/** Values where something else is expected. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    -1,
    0.5,
    1e9,
    2 ** 53,
    1e308,
    -1e308,
    5e-324,
    "",
    "0",
    "null",
    [],
    {},
    [[]],
    ".",
    "..",
    "/",
    "https://",
    "http://127.0.0.1",
    "javascript:alert(1)",
    "__proto__",
  ),
  anyText,
  fc.string({ minLength: 250, maxLength: 5_000 }),
  fc.nat(100_000),
  fc.nat(2_000).map((depth) => nested(depth, "x")),
  fc.jsonValue({ maxDepth: 3 }),
);

type Container = Record<string, unknown> | unknown[];

/** The value's objects and arrays, not by recursion: some are deeper than any stack. */
function containersIn(value: Container): Container[] {
  const found = [value];
  for (const container of found) {
    for (const member of Object.values(container)) {
      if (typeof member === "object" && member !== null) found.push(member as Container);
    }
  }
  return found;
}

function put(container: Container, name: string, value: unknown): void {
  if (Array.isArray(container)) container.splice(Number(name) || 0, 1, value);
  else container[name] = value;
}

const jsonChange = fc.tuple(fc.nat(9), fc.nat(1_000), fc.nat(1_000), oddValue);

/** What `changedJson` does to a value, whichever that is. */
export const jsonChanges = fc.array(jsonChange, { minLength: 1, maxLength: 3 });
type JsonChanges = typeof jsonChanges extends fc.Arbitrary<infer T> ? T : never;

/**
 * The value of JSON with some members replaced, left out, added or renamed, as JSON text: `__proto__` and a member that
 * comes twice are there as they would be on the wire.
 */
export function changedJson(valid: unknown, changes: JsonChanges): string {
  const root: Container = [structuredClone(valid)];
  for (const [kind, where, which, value] of changes) {
    // A copy: it may be put into itself later.
    const odd = structuredClone(value);
    const containers = containersIn(root);
    const container = containers[where % containers.length] ?? root;
    const names = Object.keys(container);
    const name = names[which % Math.max(1, names.length)] ?? "added";
    if (kind === 0) Reflect.deleteProperty(container, name);
    else if (kind === 1) put(container, AGAIN, odd);
    else if (kind === 2) put(container, ODD_NAMES[which % ODD_NAMES.length] ?? "", odd);
    else put(container, name, odd);
  }
  return JSON.stringify(root[0] ?? null)
    .replaceAll(AGAIN, "type")
    .replaceAll(PROTO, "__proto__");
}

export function nearlyJson(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(valid, jsonChanges).map(([value, changes]) => changedJson(value, changes));
}

/** Stand for names that no object that is made here can have. */
const AGAIN = "[again]";
const PROTO = "[proto]";
const ODD_NAMES = [PROTO, "constructor", "toString", "", "hasOwnProperty", "length", "then"];
