/** The encoder inside qrcode-terminal, which its own types leave out. */
declare module "qrcode-terminal/vendor/QRCode/index.js" {
  class QRCode {
    /** Version -1 is the smallest that holds the data. */
    constructor(version: number, errorCorrectionLevel: number);
    /** One character a byte. */
    addData(latin1: string): void;
    make(): void;
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
