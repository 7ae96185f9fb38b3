// npm run fuzz -- [seconds] [target]: gives every parser inputs that are nearly right, for so long (60 s by default), or
// those of one target alone. A failure is printed with its seed and the smallest input found; FUZZ_SEED runs that again.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [seconds = "60", target] = process.argv.slice(2);
if (!(Number(seconds) > 0)) {
  process.stderr.write("npm run fuzz -- [seconds] [target]\n");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "matrix-qr-login-fuzz-"));
const progress = join(folder, "progress");

const vitest = spawn(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--project", "fuzz", "--reporter", "verbose"],
  {
    stdio: "inherit",
    // A group of its own, so that what hangs can be ended with it.
    detached: true,
    env: {
      ...process.env,
      NODE_OPTIONS: "--max-old-space-size=512",
      FUZZ_SECONDS: seconds,
      FUZZ_PROGRESS: progress,
      ...(target && { FUZZ_TARGET: target }),
    },
  },
);
// A batch takes some seconds. What takes minutes more than was asked for hangs.
const hangs = setTimeout(
  () => {
    process.stderr.write(`\nThis hangs: ${readFileSync(progress, "utf8")}\n`);
    process.exitCode = 1;
    process.kill(-vitest.pid, "SIGKILL");
  },
  Number(seconds) * 1_000 + 300_000,
);

process.once("SIGINT", () => process.kill(-vitest.pid, "SIGINT"));
vitest.on("close", (code) => {
  clearTimeout(hangs);
  const counts = readFileSync(`${progress}.counts`, "utf8").trim().split("\n").map(Number);
  process.stdout.write(`${counts.reduce((sum, count) => sum + count, 0).toLocaleString("en")} inputs\n`);
  rmSync(folder, { recursive: true });
  process.exitCode ||= code ?? 1;
});
