import { readFile } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { expectFailure } from "../../support/failures.js";

vi.mock("heic-decode", () => {
  throw new Error("Cannot find package 'heic-decode'");
});

it("where the optional package for HEIC is missing, it is said what helps", async () => {
  const photo = await readFile(new URL("fixtures/code.heic", import.meta.url));
  const failure = await expectFailure("picture_unreadable", () => readQrCode(photo));
  expect(failure.message).toContain("in this installation");
  expect(failure.hint).toMatch(/PNG or JPEG, or install .* heic-decode/);
});
