import { describe, expect, it } from "vitest";
import { warningsOfLink } from "../../src/sign-in/suspicious-link.js";

/** The other device names the page that is to be opened for consent. */

const OWN = [new URL("https://matrix.example.org/"), new URL("https://auth.example.org/")];
const warned = (link: string) => warningsOfLink(new URL(link), OWN).map(({ code }) => code);
const messageFor = (link: string) => warningsOfLink(new URL(link), OWN)[0]?.message;

describe("a link to a consent page", () => {
  it("of the account's own servers is opened without a word", () => {
    expect(warned("https://auth.example.org/link?code=ABCD")).toEqual([]);
    expect(warned("https://matrix.example.org:8448/link")).toEqual([]);
  });

  it.each([
    "https://evil.example/",
    "https://auth.example.org.evil.example/",
    "https://evil-auth.example.org/",
  ])("that leads elsewhere is pointed out: %s", (link) => {
    expect(warned(link)).toEqual(["link_elsewhere"]);
    expect(messageFor(link)).toContain(new URL(link).host);
    expect(messageFor(link)).toContain("matrix.example.org or auth.example.org");
  });

  it("whose host looks like another is shown in both forms", () => {
    const link = "https://аuth.example.org/";
    expect(warned(link)).toEqual(["link_elsewhere", "link_look_alike"]);
    const [, { message } = { message: "" }] = warningsOfLink(new URL(link), OWN);
    expect(message).toContain("xn--uth-5cd.example.org");
    expect(message).toContain("аuth.example.org");
  });
});
