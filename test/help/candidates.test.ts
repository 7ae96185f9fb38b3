import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { candidatesFor, FILES } from "../../src/help/candidates.js";

const SESSIONS = ["bot", "laptop"];

/** What a shell offers, by the words alone. */
async function offered(...words: string[]): Promise<readonly string[] | typeof FILES> {
  const candidates = await candidatesFor(words, commandTree(), async () => SESSIONS);
  return candidates === FILES ? FILES : candidates.map(({ word }) => word);
}

describe("a press of Tab offers", () => {
  it("the commands", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(["generate", "scan", "session", "help"]));
    expect(await offered("ge")).toEqual(["generate"]);
  });

  it("the verbs of session", async () => {
    expect(await offered("session", "l")).toEqual(["list", "logout"]);
  });

  it("the options of the command, with what they are for", async () => {
    expect(await offered("generate", "--qr")).toEqual(["--qr-file", "--qr"]);
    const [candidate] = (await candidatesFor(["scan", "--ye"], commandTree(), async () => [])) as never[];
    expect(candidate).toEqual({ word: "--yes", description: expect.stringMatching(/skip the warning/) });
  });

  it("what an option can be, after it and within it", async () => {
    expect(await offered("generate", "--as", "")).toEqual(["new", "existing"]);
    expect(await offered("generate", "--as=e")).toEqual(["--as=existing"]);
  });

  it("the sessions there are, where one is wanted", async () => {
    expect(await offered("generate", "--session", "")).toEqual(SESSIONS);
    expect(await offered("session", "token", "b")).toEqual(["bot"]);
    expect(await offered("session", "run", "--session", "lap")).toEqual(["laptop"]);
  });

  it.each([
    ["a picture", ["scan", ""]],
    ["each of several pictures", ["inspect", "a.png", ""]],
    ["where to write the code", ["generate", "--qr-file", ""]],
    ["a trace", ["doctor", "example.org", "--trace", ""]],
    ["a session to import", ["session", "import", ""]],
    ["a program to run", ["session", "run", "--session", "bot", ""]],
  ])("files for %s", async (_what, words) => {
    expect(await offered(...words)).toBe(FILES);
  });

  it("commands and topics after help", async () => {
    expect(await offered("help", "")).toEqual(expect.arrayContaining(["generate", "bots", "exit-codes"]));
  });

  it("failures after help, with what they are", async () => {
    expect(await offered("help", "rendezvous_g")).toEqual(["rendezvous_gone"]);
    const [candidate] = (await candidatesFor(["help", "timed_"], commandTree(), async () => [])) as never[];
    expect(await offered("help", "")).not.toContain("timed_out");
    expect(candidate).toEqual({ word: "timed_out", description: expect.stringContaining("too long") });
  });

  it("nothing where nobody can know", async () => {
    expect(await offered("doctor", "")).toEqual([]);
    expect(await offered("generate", "--timeout", "")).toEqual([]);
    expect(await offered("nonsense", "")).not.toBe(FILES);
  });
});
