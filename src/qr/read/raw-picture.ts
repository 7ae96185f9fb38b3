/** Decoded pixels, row by row from the top. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Bytes a pixel: red, green, blue and, of four, opacity. */
  readonly channels: 3 | 4;
}
