import { execFile } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { ROOT } from "../docs/pages.js";
import { using } from "./clean-up.js";
import { atMost, type Line, type Measured } from "./line.js";
import { figuresOf } from "./statistics.js";

const BOUND_MS = 180_000;
/** Mebibytes from which a package is named by itself. */
const HEAVY = 0.5;
const MEBI = 2 ** 20;
/** What the blocks of a file are counted in, whatever the disk has. */
const BLOCK = 512;

const Packed = v.tupleWithRest([v.object({ filename: v.string() })], v.unknown());
/** Where npm writes down what it has installed. */
const Lock = v.object({ packages: v.record(v.string(), v.unknown()) });

interface Size {
  /** Mebibytes as the files say it. */
  readonly apparent: number;
  /** Mebibytes that the disk has less, folders included: what `du -m` says. */
  readonly onDisk: number;
}

/** The packed tarball, installed into an empty folder as `npm install` does it for anybody. */
export async function installed(): Promise<readonly Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), "matrix-qr-login-bench-"));
  return using(
    folder,
    (path) => rm(path, { recursive: true }),
    async () => {
      try {
        await install(folder);
      } catch (error) {
        const [because = ""] = String(error).split("\n");
        return [{ what: "the installed package", because }];
      }
      return measure(join(folder, "node_modules"));
    },
  );
}

async function install(folder: string): Promise<void> {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { stdout } = await npm(ROOT, "pack", "--json", "--pack-destination", folder, ...quiet);
  const [{ filename }] = v.parse(Packed, JSON.parse(stdout));
  await writeFile(join(folder, "package.json"), "{}");
  await npm(folder, "install", join(folder, filename), ...quiet);
}

function npm(cwd: string, ...args: readonly string[]) {
  return promisify(execFile)("npm", args, { cwd, timeout: BOUND_MS });
}

async function measure(modules: string): Promise<readonly Line[]> {
  const lock = JSON.parse(await readFile(join(modules, ".package-lock.json"), "utf8"));
  const names = Object.keys(v.parse(Lock, lock).packages).map((path) => path.replace("node_modules/", ""));
  const sizes = await Promise.all(
    names.map(async (name) => ({ name, ...(await sizeOf(join(modules, name))) })),
  );
  const whole = await sizeOf(modules);
  const heavy = sizes.filter(({ onDisk }) => onDisk >= HEAVY).sort((a, b) => b.onDisk - a.onDisk);
  const sizeLine = (what: string, { onDisk, apparent }: Size): Line => ({
    what,
    unit: "MiB",
    own: figuresOf([onDisk]),
    beside: { name: "bytes in its files", figures: figuresOf([apparent]) },
  });
  return [
    { ...sizeLine("installed, on disk", whole), target: atMost(45, "MiB", whole.onDisk) },
    {
      what: "installed packages, itself among them",
      unit: "packages",
      own: figuresOf([names.length]),
      target: atMost(40, "packages", names.length),
    },
    ...heavy.map(({ name, ...size }) => sizeLine(`of that \`${name}\``, size)),
  ];
}

async function sizeOf(folder: string): Promise<Size> {
  const sizes = await Promise.all(
    (await readdir(folder, { withFileTypes: true })).map(async (entry): Promise<Size> => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sizeOf(path);
      const { size, blocks } = await lstat(path);
      return { apparent: size / MEBI, onDisk: (blocks * BLOCK) / MEBI };
    }),
  );
  const sum = (which: keyof Size) => sizes.reduce((total, size) => total + size[which], 0);
  const { blocks } = await lstat(folder);
  return { apparent: sum("apparent"), onDisk: sum("onDisk") + (blocks * BLOCK) / MEBI };
}
