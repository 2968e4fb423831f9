/** The PHP class of what is thrown into the script; those without a namespace are PHP's own. */
export type ThrownClass =
  | 'ValueError'
  | 'OverflowException'
  | 'Unsupported'
  | 'NoFreeSlot'
  | 'SlotExhausted'
  | 'MemoryExhausted'
  | 'ScriptFailed'

/** A host call that is answered by an exception in the script: the same on every machine. */
export class HostCallError extends Error {
  readonly thrown: ThrownClass
  /** What the exception has beside its message: for the library to unpack. */
  readonly details: readonly Uint8Array[]

  constructor(thrown: ThrownClass, message: string, details: readonly Uint8Array[] = []) {
    super(message)
    this.thrown = thrown
    this.details = details
  }
}
