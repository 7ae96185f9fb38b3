/** The endings of the formats that `readQrCode` reads. */
const ENDING = /\.(?:png|jpe?g|webp|gif|tiff?|svg|avif|bmp|hei[cf])$/i;

/** Whether a text is most likely the path of a picture. */
export function isNamedAsPicture(text: string): boolean {
  return ENDING.test(text);
}
