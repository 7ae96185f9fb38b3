import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readBounded, readInput } from "../../src/files/read-bounded.js";
import { Failure } from "../../src/foundation/failures.js";
import { expectFailure } from "../support/failures.js";

const { signal } = new AbortController();
const chunks = [Buffer.from("two "), Buffer.from("words")];

describe("a stream that is read up to a bound", () => {
  it("is read whole where it just fits", async () => {
    const bytes = await readBounded(Readable.from(chunks), 9);
    expect(Buffer.from(bytes ?? []).toString()).toBe("two words");
  });

  it("is empty where nothing comes", async () => {
    expect(await readBounded(Readable.from([]), 0)).toHaveLength(0);
  });

  it("gives nothing where it is longer, and is left there", async () => {
    const stream = Readable.from(chunks);
    expect(await readBounded(stream, 8)).toBeUndefined();
    expect(stream.destroyed).toBe(true);
  });

  it("passes its own error on", async () => {
    const broken = Readable.from(chunks);
    broken.destroy(new Error("broken"));
    await expect(readBounded(broken, 9)).rejects.toThrow("broken");
  });
});

describe("what is handed in", () => {
  it("is read up to a bound", async () => {
    expect(await readInput(Readable.from(chunks), "stdin", 9, signal)).toHaveLength(9);
    expect(await readInput(Readable.from(chunks), "stdin", 8, signal)).toBeUndefined();
  });

  it("that breaks is a file_error which says where it is from", async () => {
    const broken = Readable.from(chunks);
    broken.destroy(Object.assign(new Error("broken"), { code: "EIO" }));
    const failure = await expectFailure("file_error", () => readInput(broken, "stdin", 9, signal));
    expect(failure.message).toBe("Can't read stdin: the device fails (EIO).");
  });

  it("is waited for only until that is stopped", async () => {
    const stop = new AbortController();
    const reading = readInput(new Readable({ read: () => undefined }), "stdin", 9, stop.signal);
    stop.abort(new Failure("interrupted"));
    await expectFailure("interrupted", () => reading);
  });
});
