import { expect, it, vi } from "vitest";
import { qrPng } from "../../../src/qr/draw/picture.js";
import { expectFailure } from "../../support/failures.js";

vi.mock("sharp", () => {
  throw new Error('Could not load the "sharp" module using the linux-x64 runtime');
});

it("where sharp can't be loaded, it is said that no PNG can be made, and what can", async () => {
  const failure = await expectFailure("file_error", () => qrPng(Uint8Array.of(1, 2, 3)));
  expect(failure.message).toContain("in this installation");
  expect(failure.hint).toContain(".svg");
});
