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
