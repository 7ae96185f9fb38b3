import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLineTrace, openFileTrace, redactUrl, type TraceEntry } from "../../src/network/trace.js";

const entry: TraceEntry = {
  at: new Date(Date.UTC(2026, 0, 1)),
  method: "PUT",
  url: new URL("https://hs.example/rendezvous/01M8327AF6WR4D9542QDGMW7J6?access_token=secret"),
  tries: 2,
  ms: 12.3,
  sentBytes: 10,
  status: 200,
  receivedBytes: 20,
};

describe("a traced URL", () => {
  it.each([
    [
      "https://hs.example/_matrix/client/unstable/io.element.msc4388/rendezvous/01M8327AF6WR4D9542QDGMW7J6",
      "https://hs.example/_matrix/client/unstable/io.element.msc4388/rendezvous/01M8…",
    ],
    ["https://rz.example/x/abcdef0123456789abcdef", "https://rz.example/x/abcd…"],
    [
      "https://hs.example/_matrix/client/v3/devices/ABCDEFGHIJ",
      "https://hs.example/_matrix/client/v3/devices/ABCD…",
    ],
    ["https://hs.example/token?code=secret#secret", "https://hs.example/token"],
    [
      "https://hs.example/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
      "https://hs.example/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
    ],
  ])("%s reads %s", (url, shown) => expect(redactUrl(new URL(url))).toBe(shown));
});

describe("the trace", () => {
  it("is a line for people", () => {
    const lines: string[] = [];
    createLineTrace((line) => lines.push(line)).trace(entry);
    expect(lines).toEqual(["PUT https://hs.example/rendezvous/01M8… (try 2): 200, 20 bytes, 12 ms"]);
  });

  it("folds polls that take turns, and says how many there were before it goes on", () => {
    const lines: string[] = [];
    const { trace, close } = createLineTrace((line) => lines.push(line));
    const poll = { ...entry, method: "GET", tries: 1 };
    const other = { ...poll, url: new URL("https://hs.example/other") };
    for (let round = 0; round < 3; round++) for (const each of [poll, other]) trace(each);
    trace({ ...poll, status: 404 });
    trace({ ...poll, status: 404 });
    close();
    expect(lines.map((line) => line.replace(/https:.*: /, ""))).toEqual([
      "GET 200, 20 bytes, 12 ms",
      "GET 200, 20 bytes, 12 ms",
      "  (4 times more)",
      "GET 404, 20 bytes, 12 ms",
      "  (once more)",
    ]);
  });

  it("is one JSON object a line in a file that only its owner can read, even where the file was there", () => {
    const path = join(mkdtempSync(join(tmpdir(), "trace-")), "trace.ndjson");
    writeFileSync(path, "old", { mode: 0o644 });
    const file = openFileTrace(path);
    file.trace(entry);
    file.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toEqual({
      at: "2026-01-01T00:00:00.000Z",
      method: "PUT",
      url: "https://hs.example/rendezvous/01M8…",
      try: 2,
      status: 200,
      ms: 12,
      sent_bytes: 10,
      received_bytes: 20,
    });
  });

  it("that can't be written is a file_error", () => {
    expect(() => openFileTrace("/nowhere/trace")).toThrow(expect.objectContaining({ code: "file_error" }));
  });
});
