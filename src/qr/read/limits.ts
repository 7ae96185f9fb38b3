/** What is read of a picture at most; a photo of today's phones is far below. */
export const MAX_PICTURE_BYTES = 50_000_000;
export const MAX_PICTURE_PIXELS = 100_000_000;
/** What is searched of a text at most: a log of days, a web page with a photo in it. */
export const MAX_TEXT_BYTES = 8_000_000;
