/** What `<source>` can be, for the commands that read QR codes. */
export const SOURCE = "a picture, - for stdin, or the payload itself as base64 or hex";
