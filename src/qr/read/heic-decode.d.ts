/** As far as it is used here; the package brings no types. */
declare module "heic-decode" {
  interface HeicImage {
    readonly width: number;
    readonly height: number;
    /** RGBA. */
    decode(): Promise<{ readonly data: Uint8ClampedArray; readonly width: number; readonly height: number }>;
  }
  const heicDecode: {
    /** The images in a file, none of them decoded yet. */
    all(options: { readonly buffer: Uint8Array }): Promise<HeicImage[] & { dispose(): void }>;
  };
  export = heicDecode;
}
