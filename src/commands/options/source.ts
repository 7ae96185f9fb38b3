/** What `<source>` can be, for the commands that read QR codes. */
export const SOURCE = "a picture, - for stdin, or any text with the code in it";
