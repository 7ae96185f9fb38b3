/** How a QR code can be drawn. Nothing is imported here: the command line offers these before it loads what draws. */

/** Half blocks, which `auto` takes too; two cells a module, drawn without any character but space; none. */
export const QR_SIZES = ["auto", "small", "large", "none"] as const;
export type QrSize = (typeof QR_SIZES)[number];

/** Error correction: about 7, 15, 25 and 30 % of the code may be unreadable. */
const QR_LEVELS = ["L", "M", "Q", "H"] as const;
export type QrLevel = (typeof QR_LEVELS)[number];

/** A level, or with `auto` the best one that still fits. */
export const EC_LEVELS = ["auto", ...QR_LEVELS] as const;
export type EcLevel = (typeof EC_LEVELS)[number];
