/** The encoder inside qrcode-terminal, which its own types leave out. */
declare module "qrcode-terminal/vendor/QRCode/index.js" {
  class QRCode {
    /** Version -1 is the smallest that holds the data, which takes as long to find as the code to make. */
    constructor(version: number, errorCorrectionLevel: number);
    /** One character a byte. */
    addData(latin1: string): void;
    make(): void;
    /** The mask, 0 to 7, that `make` uses. */
    getBestMaskPattern(): number;
    /** Sets the modules with a mask; as a test without what tells readers which one it is. */
    makeImpl(test: boolean, mask: number): void;
    /** Sets the modules that hold data, which are null before. */
    mapData(codewords: readonly number[], mask: number): void;
    /** Rows of modules, true being dark; set by `make`. */
    readonly modules: boolean[][];
  }
  export = QRCode;
}

declare module "qrcode-terminal/vendor/QRCode/QRRSBlock.js" {
  /** A Reed-Solomon block: how many of its codewords hold data. */
  class QRRSBlock {
    readonly dataCount: number;
    /** The blocks of a version, 1 to 40, at a level, by its number in the format information. */
    static getRSBlocks(version: number, errorCorrectionLevel: number): QRRSBlock[];
  }
  export = QRRSBlock;
}

declare module "qrcode-terminal/vendor/QRCode/QRUtil.js" {
  const QRUtil: {
    /** Whether a mask, 0 to 7, inverts that module (ISO/IEC 18004, table 10). */
    getMask(mask: number, row: number, column: number): boolean;
  };
  export = QRUtil;
}
