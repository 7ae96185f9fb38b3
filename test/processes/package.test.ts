import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect } from "vitest";
import { page, section } from "../docs/pages.js";
import { it, Machine } from "../support/machine.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const PACKED =
  /^(bin\/matrix-qr-login\.js|dist\/cli\/[@\w.-]+\.js|dist\/cli\/THIRD-PARTY-LICENSES\.md|dist\/(?!cli\/|dev-homeserver\/).+\.(js|d\.ts)|docs\/[\w.-]+\.(md|json)|man\/matrix-qr-login\.1|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;

const TYPESCRIPT = join(REPOSITORY, "node_modules/typescript/bin/tsc");
const TYPE_ROOTS = join(REPOSITORY, "node_modules/@types");

/** As strict as a project can be, so that the declarations may lean on nothing that a project may lack. */
const STRICT_PROJECT = {
  target: "ES2023",
  lib: ["ES2023"],
  types: ["node"],
  typeRoots: [TYPE_ROOTS],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
};
/** What the examples don't use. Where a type had become `any`, there would be no error to expect. */
const CONSUMER = `import {
  decodeQrCode, encodeQrCode, type FailureCode, type LoginEvent, type PortableSession, type SignInQrPayload,
} from "matrix-qr-login";

export function intentOf(payload: Uint8Array): "new" | "existing" {
  const code = decodeQrCode(payload);
  // @ts-expect-error: a device is new or existing
  const intent: "neither" = code.intent;
  return code.intent;
}
export function bytesOf(code: SignInQrPayload): Uint8Array {
  return encodeQrCode(code);
}
export function userOf(event: LoginEvent): string | undefined {
  // @ts-expect-error: only some events have it
  event.user_id;
  return event.event === "signed_in" ? event.user_id : undefined;
}
export function tokenOf(session: PortableSession): string {
  // @ts-expect-error: a token is a secret
  const token: string = session.access_token;
  return session.access_token.reveal();
}
// @ts-expect-error: not a code of the failure table
export const code: FailureCode = "no_such_code";
// @ts-expect-error: nothing but the library is meant to be imported
export type Hidden = typeof import("matrix-qr-login/dist/cli/cli.js");
`;

const execute = promisify(execFile);

/** Runs npm, or what it has installed, with this very Node.js. */
function run(command: string, args: readonly string[], cwd: string) {
  const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  // The variables that npm gives its scripts would tell another npm where it is.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_local_prefix|package|lifecycle)|^INIT_CWD$/.test(name),
  );
  return execute(command, args, { cwd, env: { ...Object.fromEntries(own), PATH, TMPDIR: join(cwd, "tmp") } });
}

/** @throws {Error} with what the compiler says, which is on stdout and so not in the message of execFile */
async function compile(project: string): Promise<void> {
  try {
    await run(process.execPath, [TYPESCRIPT, "--project", project], project);
  } catch (error) {
    throw new Error((error as { readonly stdout: string }).stdout, { cause: error });
  }
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe("the package", () => {
  let machine: Machine;
  let packed: Packed;

  beforeAll(async () => {
    machine = await Machine.start();
    await mkdir(machine.path("tmp"));
    // Without scripts, since `prepare` would build what other tests are running.
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", machine.path(".")];
    const { stdout } = await run("npm", args, REPOSITORY);
    [packed] = JSON.parse(stdout) as [Packed];
    await writeFile(machine.path("package.json"), "{}");
    const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--prefix", machine.path(".")];
    await run("npm", [...install, machine.path(packed.filename)], machine.path("."));
    return () => machine.stop();
  }, 180_000);

  it("holds what it needs to run, and no tests or sources", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !PACKED.test(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        "bin/matrix-qr-login.js",
        "dist/cli/cli.js",
        "dist/cli/THIRD-PARTY-LICENSES.md",
        "dist/index.d.ts",
        "LICENSE",
        "man/matrix-qr-login.1",
        "README.md",
        "package.json",
      ]),
    );
  });

  it("holds what docs/dependencies.md says, and each file of the documentation, but nothing else of anybody", async () => {
    const licences = await readFile(join(REPOSITORY, "dist/cli/THIRD-PARTY-LICENSES.md"), "utf8");
    // Of some there are two versions.
    const bundled = [...new Set([...licences.matchAll(/^## (\S+) - \d/gm)].map(([, name = ""]) => name))];
    const pages = section(page("docs/dependencies.md"), "Bundled").text;
    const others = [...pages.slice(pages.indexOf("Bundled with these")).matchAll(/`([^`]+)`/g)];
    const { dependencies, devDependencies } = JSON.parse(
      await readFile(join(REPOSITORY, "package.json"), "utf8"),
    );
    const direct = bundled.filter((name) => name in dependencies || name in devDependencies);
    const indirect = others.map(([, name = ""]) => name);
    expect(bundled.sort()).toEqual([...direct, ...indirect].sort());

    const documents = (await readdir(join(REPOSITORY, "docs"))).filter((name) => /\.(md|json)$/.test(name));
    const packedDocuments = packed.files.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
    expect(packedDocuments.sort()).toEqual(documents.map((name) => `docs/${name}`).sort());
  });

  it("runs its demo where it is installed", async () => {
    const { stderr } = await run("npx", ["--offline", "matrix-qr-login", "demo"], machine.path("."));
    expect(stderr).toMatch(/signed in and verified/);
  });

  it("can be imported, with its types", async () => {
    const program = `import { decodeQrCode, Failure, FAILURES, signInThisDevice } from "matrix-qr-login";
const code: keyof typeof FAILURES = "usage_error";
console.log(typeof decodeQrCode, typeof signInThisDevice, new Failure(code).kind);
// @ts-expect-error: not a code of the failure table
const other: typeof code = "no_such_code";
`;
    await writeFile(machine.path("program.ts"), program);
    const options = ["--strict", "--module", "nodenext", "--target", "es2023", "--outDir", "out"];
    const types = ["--types", "node", "--typeRoots", TYPE_ROOTS];
    await writeFile(machine.path("package.json"), JSON.stringify({ type: "module" }));
    await run(process.execPath, [TYPESCRIPT, ...options, ...types, "program.ts"], machine.path("."));
    const { stdout } = await run(process.execPath, ["out/program.js"], machine.path("."));
    expect(stdout).toBe("function function usage\n");
  });

  it.each([
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ])("compiles in a strict project that resolves modules as $moduleResolution does", async (modules) => {
    const project = machine.path(modules.moduleResolution);
    await cp(join(REPOSITORY, "docs/examples"), project, { recursive: true });
    await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(project, "consumer.ts"), CONSUMER);
    const compilerOptions = { ...STRICT_PROJECT, ...modules };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    await compile(project);
  });
});
