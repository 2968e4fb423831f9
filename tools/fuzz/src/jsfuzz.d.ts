declare module 'jsfuzz/build/src/corpus.js' {
  export class Corpus {
    constructor(folders: readonly string[], onlyAscii: boolean)
    readonly inputs: Buffer[]
    getLength(): number
    putBuffer(input: Buffer): void
    /** One of the inputs, changed. */
    generateInput(): Buffer
    mutate(input: Buffer): Buffer
  }
}
