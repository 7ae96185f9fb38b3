// npm run bench:proxy [-- <requests>]: what a small request costs through `session serve`, beside a direct one, and how
// much memory the proxy has over many of them; 100 000 by default.
import { execFile, fork, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROGRAM = fileURLToPath(new URL("../../bin/matrix-qr-login.js", import.meta.url));
const TARGET = "/_matrix/client/v3/account/whoami";
const ONE_BY_ONE = 3_000;
const AT_ONCE = 20;

if (process.argv[2] === "--homeserver") {
  const body = JSON.stringify({ user_id: "@bot:example.org", versions: ["v1.11"] });
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(body);
  });
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
} else {
  await bench(Number(process.argv[2] ?? 100_000));
}

async function bench(requests) {
  const folder = await mkdtemp(join(tmpdir(), "matrix-qr-login-bench-"));
  const homeserver = fork(fileURLToPath(import.meta.url), ["--homeserver"]);
  const port = await new Promise((resolve) => homeserver.once("message", resolve));
  const session = join(folder, "bot.json");
  await writeFile(
    session,
    JSON.stringify({
      base_url: `http://127.0.0.1:${port}/`,
      user_id: "@bot:example.org",
      device_id: "ABCDEFGHIJ",
      access_token: "token",
    }),
  );
  const proxy = spawn(process.execPath, [PROGRAM, "session", "serve", "--json", "--session", session]);
  try {
    const ready = await eventOf(proxy, "ready");
    const token = (await readFile(ready.token_file, "utf8")).trim();
    const direct = clientOf(port, "token");
    const through = clientOf(Number(new URL(ready.base_url).port), token);
    for (const client of [direct, through]) await oneByOne(client, 500);

    print("one by one", "median", "99 %", "a second");
    for (const [name, client] of [
      ["direct", direct],
      ["through the proxy", through],
    ]) {
      const times = (await oneByOne(client, ONE_BY_ONE)).sort((a, b) => a - b);
      const total = times.reduce((sum, ms) => sum + ms, 0);
      const at = (share) => `${times[Math.floor(times.length * share)].toFixed(2)} ms`;
      print(name, at(0.5), at(0.99), Math.round((ONE_BY_ONE / total) * 1_000));
    }

    print(`\n${AT_ONCE} at once`, "requests", "a second", "memory");
    print("before", 0, "", await memoryOf(proxy.pid));
    const step = Math.ceil(requests / 10);
    for (let done = 0; done < requests; done += step) {
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, () => oneByOne(through, step / AT_ONCE)));
      const seconds = (performance.now() - startedAt) / 1_000;
      print("", done + step, Math.round(step / seconds), await memoryOf(proxy.pid));
    }
  } finally {
    proxy.kill();
    homeserver.kill();
    await rm(folder, { recursive: true });
  }
}

async function eventOf(child, wanted) {
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.event === wanted) return event;
  }
  throw new Error("The proxy didn't start.");
}

function clientOf(port, token) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  return () =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const sent = request({ host: "127.0.0.1", port, path: TARGET, agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`Status ${response.statusCode}`));
        response.resume().once("end", resolve);
      });
      sent.once("error", reject).end();
    });
}

/** @returns how long each took, in milliseconds */
async function oneByOne(client, count) {
  const times = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    await client();
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function memoryOf(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return `${Math.round(Number(stdout) / 1024)} MiB`;
}

function print(first, ...columns) {
  process.stdout.write(
    `${first.padEnd(20)}${columns.map((column) => String(column).padStart(12)).join("")}\n`,
  );
}
