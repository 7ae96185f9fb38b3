import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { authorityHint } from "../../src/network/authority-hint.js";
import { temporaryDirectory } from "../support/sessions.js";

const CERTIFICATE = fileURLToPath(new URL("fixtures/self-signed-cert.pem", import.meta.url));

async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), "ca.pem");
  await writeFile(path, text);
  return path;
}

describe("what to do about an authority that nobody knows", () => {
  it("is to name its certificate", () => {
    expect(authorityHint({})).toContain("NODE_EXTRA_CA_CERTS=FILE");
    expect(authorityHint({ SSL_CERT_FILE: CERTIFICATE })).toMatch(/SSL_CERT_FILE is not looked at/);
  });

  it("is to add it to the others where some are named", () => {
    expect(authorityHint({ NODE_EXTRA_CA_CERTS: CERTIFICATE })).toContain("add it");
  });

  it("is to mend the file where that can't be used", async () => {
    const hintFor = (file: string) => authorityHint({ NODE_EXTRA_CA_CERTS: file });
    expect(hintFor("/nowhere/ca.pem")).toContain("/nowhere/ca.pem can't be used: there is no such file");
    expect(hintFor("/")).toContain("no file of certificates");
    expect(hintFor(await fileWith("no PEM"))).toContain("no certificate in PEM form");
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(hintFor(await fileWith(broken))).toContain("is ignored");
  });
});
