import { describe, expect, it } from "vitest";
import { ALL_DIALECTS, DIALECTS, VODOZEMAC_DIALECTS } from "../../src/protocol/dialects.js";

const g = Buffer.alloc(32, 0xaa);
const s = Buffer.alloc(32, 0x55);
const checkCodeContext = (dialect: keyof typeof DIALECTS) =>
  Buffer.from(DIALECTS[dialect].checkCode(g, s)).toString("latin1");

describe("the dialects", () => {
  it("differ in the response context between the text and what is deployed", () => {
    expect(DIALECTS.msc.response).toBe("MATRIX_QR_CODE_LOGIN response");
    expect(DIALECTS["vodozemac-0.11.1"].response).toBe("MATRIX_QR_CODE_LOGIN_RESPONSE");
    expect(DIALECTS["vodozemac-0.11.0"].response).toBe("MATRIX_QR_CODE_LOGIN_RESPONSE");
  });

  it("take the raw keys, G's first, into the check code, but for the older release", () => {
    const raw = `MATRIX_QR_CODE_LOGIN_CHECKCODE${"\xaa".repeat(32)}${"U".repeat(32)}`;
    expect(raw).toHaveLength(94);
    expect(checkCodeContext("msc")).toBe(raw);
    expect(checkCodeContext("vodozemac-0.11.1")).toBe(raw);
  });

  it("write the keys as unpadded base64 in the older release", () => {
    const [gText, sText] = [g, s].map((key) => key.toString("base64").replace("=", ""));
    expect(checkCodeContext("vodozemac-0.11.0")).toBe(`MATRIX_QR_CODE_LOGIN_CHECKCODE|${gText}|${sText}`);
    expect(checkCodeContext("vodozemac-0.11.0")).toHaveLength(118);
  });

  it("prefer the newer release wherever the two can't be told apart", () => {
    expect(VODOZEMAC_DIALECTS).toEqual(["vodozemac-0.11.1", "vodozemac-0.11.0"]);
    expect(ALL_DIALECTS.indexOf("vodozemac-0.11.1")).toBeLessThan(ALL_DIALECTS.indexOf("vodozemac-0.11.0"));
    expect([...ALL_DIALECTS].sort()).toEqual(Object.keys(DIALECTS).sort());
  });
});
