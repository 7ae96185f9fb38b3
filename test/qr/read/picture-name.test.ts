import { describe, expect, it } from "vitest";
import { isNamedAsPicture } from "../../../src/qr/read/picture-name.js";

describe("most likely the path of a picture", () => {
  it.each(["qr.png", "./IMG_0001.HEIC", "C:\\Users\\me\\code.jpeg", "file:///tmp/qr.svg", "a b.tif"])(
    "is %s",
    (name) => {
      expect(isNamedAsPicture(name)).toBe(true);
    },
  );

  it.each(["-", "png", "qr.png.txt", "notes.txt", "--json", "TUFUUklYAgM"])("isn't %s", (name) => {
    expect(isNamedAsPicture(name)).toBe(false);
  });
});
