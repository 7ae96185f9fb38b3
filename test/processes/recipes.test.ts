import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { blocksOf, page } from "../docs/pages.js";
import { runBlock, type Stage, setStage } from "../docs/stage.js";

/** The recipes of the pages, read as their reader reads them, and run as far as that is possible without it. */

function blockOf(path: string, info: string, marker: string): string {
  const found = blocksOf(page(path)).find((block) => block.info === info && block.code.includes(marker));
  if (!found) throw new Error(`${path} has no such block.`);
  return found.code;
}

async function runWell(code: string, stage: Stage): Promise<void> {
  const { block, scan } = await runBlock(code, stage);
  expect(block.code, block.report).toBe(0);
  if (scan) expect(scan.code, scan.report).toBe(0);
}

const Step = v.union([
  v.strictObject({ uses: v.pipe(v.string(), v.regex(/^[\w-]+\/[\w-]+@v\d+$/)), with: v.object({}) }),
  v.strictObject({ name: v.string(), run: v.string(), if: v.optional(v.literal("always()")) }),
]);
const Workflow = v.strictObject({
  name: v.string(),
  on: v.literal("workflow_dispatch"),
  concurrency: v.string(),
  jobs: v.strictObject({
    "sign-in": v.strictObject({
      "runs-on": v.string(),
      "timeout-minutes": v.number(),
      steps: v.array(Step),
    }),
  }),
});
const Lines = v.array(v.string());
const Pipeline = v.strictObject({
  "sign-in": v.strictObject({
    image: v.string(),
    when: v.literal("manual"),
    resource_group: v.string(),
    script: Lines,
    after_script: Lines,
  }),
});

describe("docs/ci.md", () => {
  it("has a workflow for GitHub Actions whose steps end well", async ({ onTestFinished }) => {
    const workflow = v.parse(Workflow, parse(blockOf("docs/ci.md", "yaml", "workflow_dispatch")));
    const scripts = workflow.jobs["sign-in"].steps.flatMap((step) => ("run" in step ? [step.run] : []));
    const stage = await setStage(onTestFinished);
    for (const script of scripts) {
      const filledIn = script.replaceAll(/\$\{\{ github\.run_id \}\}/g, "1");
      expect(filledIn).not.toContain("${{");
      // Nobody looks at a log here: the device that scans takes the file.
      await runWell(filledIn.replace("--check-code", "--qr-file qr.png --check-code"), stage);
    }
    expect(scripts).toHaveLength(3);
  });

  it("has a job for GitLab whose lines end well", async ({ onTestFinished }) => {
    const { script, after_script } = v.parse(
      Pipeline,
      parse(blockOf("docs/ci.md", "yaml", "resource_group")),
    )["sign-in"];
    const stage = await setStage(onTestFinished);
    for (const line of [...script, ...after_script]) await runWell(line, stage);
  });
});

const SIGN_IN =
  "matrix-qr-login generate --expect-user @bot:example.org --check-code show --qr-file qr.png --device-keys defer --session bot";

/** Stands for the interpreter: it says whether the bot was told what it needs. */
const PYTHON =
  '#!/bin/sh\ntest "$1" = bot.py && test -n "$MATRIX_ACCESS_TOKEN" && test -n "$MATRIX_HOMESERVER"\n';

describe("docs/bots.md", () => {
  it("has an image whose command runs a bot on its session", async ({ onTestFinished }) => {
    const image = blockOf("docs/bots.md", "dockerfile", "CMD");
    const instructions = image.trim().split("\n");
    for (const line of instructions) {
      expect(line).toMatch(/^(?:FROM|RUN|ENV|VOLUME|USER|WORKDIR|COPY|CMD) \S/);
    }
    const [, command = ""] = /^CMD (.*)$/m.exec(image) ?? [];
    const args = v.parse(Lines, JSON.parse(command));
    const stage = await setStage(onTestFinished);
    writeFileSync(join(stage.folder, "python3"), PYTHON);
    chmodSync(join(stage.folder, "python3"), 0o755);
    await runWell(SIGN_IN, stage);
    await runWell(args.map((arg) => `'${arg}'`).join(" "), stage);
  });

  const analyzer = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!analyzer)("has units that systemd takes", async ({ onTestFinished }) => {
    const { folder } = await setStage(onTestFinished);
    const units = { "matrix-bot.socket": "[Socket]", "matrix-bot.service": "[Service]" };
    for (const [name, marker] of Object.entries(units)) {
      const unit = blockOf("docs/bots.md", "ini", marker);
      // It looks for the program where the system's are.
      const here = unit.replace("ExecStart=", `ExecStart=${folder}/`);
      writeFileSync(join(folder, name), here);
    }
    const paths = Object.keys(units).map((name) => join(folder, name));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
      encoding: "utf8",
    });
    expect(stderr.split("\n").filter((line) => line.includes("matrix-bot"))).toEqual([]);
    expect(status, stderr).toBe(0);
  });
});

/** What prints the clipboard, on systems whose shell is this one. */
const CLIPBOARD = ["pngpaste", "pbpaste", "wl-paste", "xclip"];

describe("docs/pictures.md", () => {
  const lines = [...page("docs/pictures.md").text.matchAll(/`((?:pngpaste|pbpaste|wl-paste|xclip)[^`]*)`/g)]
    .map(([, line = ""]) => line.replace("\\|", "|"))
    .filter((line) => line.includes("scan"));

  it("has a line for each clipboard, in which scan reads what is in it", async ({ onTestFinished }) => {
    const stage = await setStage(onTestFinished);
    for (const name of CLIPBOARD) {
      writeFileSync(join(stage.folder, name), "#!/bin/sh\ncat docs/pictures/new-1-code-dark.png\n");
      chmodSync(join(stage.folder, name), 0o755);
    }
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      const inspected = line.replace("scan --as new -", "inspect -");
      expect(inspected).toContain("inspect -");
      await runWell(inspected, stage);
    }
  });
});
