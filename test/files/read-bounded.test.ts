import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readBounded } from "../../src/files/read-bounded.js";

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
