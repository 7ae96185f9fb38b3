import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * What Verifpal finds about the models beside this file, which .ci/model installs it for. A verdict that changes is a
 * failure, in either direction: an attack that isn't found in a control any more would mean that the models say nothing.
 */

const verifpal = process.env["MATRIX_QR_LOGIN_VERIFPAL"];

const Report = v.object({
  models: v.tuple([
    v.object({
      ok: v.literal(true),
      analysis: v.object({
        sessions: v.number(),
        queries: v.array(v.object({ query: v.string(), resolved: v.boolean() })),
      }),
    }),
  ]),
});

interface Control {
  readonly title: string;
  /** What is taken away from the model: a text that is in it once, and what stands there instead. */
  readonly without: readonly [from: string, to: string];
  /** The queries that an attack is found against then. */
  readonly broken: readonly string[];
}

interface Model {
  readonly title: string;
  readonly file: string;
  readonly queries: Readonly<Record<string, "holds" | "attacked">>;
  readonly controls: readonly Control[];
}

const REPLACEABLE_QR_CODE = ["[gp]", "gp"] as const;
const CODE_OVER_THE_NETWORK = ["[check_code]", "check_code"] as const;

const MODELS: readonly Model[] = [
  {
    title: "an existing device that shows the QR code and has the check code typed",
    file: "existing-generates.vp",
    queries: {
      "confidentiality? secrets": "holds",
      "authentication? Existing -> New: login_ok": "holds",
      "authentication? New -> Existing: protocol": "holds",
      "authentication? Existing -> New: sealed_secrets": "holds",
    },
    controls: [
      {
        title: "gives its secrets away where the check code comes over the network",
        without: CODE_OVER_THE_NETWORK,
        broken: ["confidentiality? secrets", "authentication? New -> Existing: protocol"],
      },
      {
        title: "gives its secrets away where no check code is typed",
        without: ["_ = ASSERT(check_code, e_check_code)?", "// not asked"],
        broken: ["confidentiality? secrets", "authentication? New -> Existing: protocol"],
      },
      {
        title: "keeps its secrets, but the new device takes others', where the QR code can be replaced",
        without: REPLACEABLE_QR_CODE,
        broken: [
          "authentication? Existing -> New: login_ok",
          "authentication? Existing -> New: sealed_secrets",
        ],
      },
    ],
  },
  {
    title: "a new device that shows the QR code and has the check code typed",
    file: "new-generates.vp",
    queries: {
      "confidentiality? secrets": "holds",
      "authentication? New -> Existing: login_ok": "holds",
      "authentication? Existing -> New: protocols": "holds",
      "authentication? New -> Existing: protocol": "holds",
      "authentication? Existing -> New: sealed_secrets": "holds",
    },
    controls: [
      {
        title: "is signed in by others where the check code comes over the network",
        without: CODE_OVER_THE_NETWORK,
        broken: [
          "authentication? Existing -> New: protocols",
          "authentication? Existing -> New: sealed_secrets",
        ],
      },
      {
        title: "isn't the one that gets the secrets where the QR code can be replaced",
        without: REPLACEABLE_QR_CODE,
        broken: [
          "confidentiality? secrets",
          "authentication? New -> Existing: login_ok",
          "authentication? New -> Existing: protocol",
        ],
      },
    ],
  },
  {
    title: "a new device that shows the check code and expects a user",
    file: "expected-user.vp",
    queries: {
      "confidentiality? master_key": "holds",
      "equivalence? accepted, master_public": "holds",
      // Anybody may scan first, and say what they like: nothing rests on it.
      "authentication? Existing -> New: protocols": "attacked",
    },
    controls: [
      {
        title: "takes the keys of others where it doesn't hold them to what is published",
        without: ["_ = ASSERT(PUBKEY(n_master_key), master_public)?", "// not checked"],
        broken: ["equivalence? accepted, master_public", "authentication? Existing -> New: protocols"],
      },
      {
        title: "isn't the one that gets the secrets where the QR code can be replaced",
        without: REPLACEABLE_QR_CODE,
        broken: [
          "confidentiality? master_key",
          "equivalence? accepted, master_public",
          "authentication? Existing -> New: protocols",
        ],
      },
    ],
  },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "matrix-qr-login-model-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Which queries of the model hold, and which an attack was found against. */
async function verdictsOf(path: string): Promise<Record<string, "holds" | "attacked">> {
  if (!verifpal) throw new Error("This is run by .ci/model, which installs Verifpal.");
  const { stdout } = await promisify(execFile)(verifpal, ["verify", "--format", "json", path]);
  const [{ analysis }] = v.parse(Report, JSON.parse(stdout)).models;
  // Two sign-ins side by side, so that messages can be carried from one to the other.
  expect(analysis.sessions).toBe(2);
  return Object.fromEntries(
    analysis.queries.map(({ query, resolved }) => [query, resolved ? "attacked" : "holds"]),
  );
}

describe.each(MODELS)("$title", ({ file, queries, controls }) => {
  const path = join(import.meta.dirname, file);

  it("is as safe as it is said to be", async () => {
    const copy = join(folder, file);
    await cp(path, copy);
    expect(await verdictsOf(copy)).toEqual(queries);
  });

  it.each(controls)("$title", async ({ title, without: [from, to], broken }) => {
    const parts = (await readFile(path, "utf8")).split(from);
    expect(parts).toHaveLength(2);
    const changed = join(folder, `${title.replaceAll(/\W+/g, "-").slice(0, 40)}.vp`);
    await writeFile(changed, parts.join(to));
    const verdicts = await verdictsOf(changed);
    const attacked = Object.keys(verdicts).filter((query) => verdicts[query] === "attacked");
    expect(attacked).toEqual(broken);
  });
});
