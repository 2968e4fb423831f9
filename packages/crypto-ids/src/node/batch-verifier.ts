import { verify } from 'node:crypto'
import { CryptoError } from '../errors.js'
import { passesFilter, verifySignature } from '../strict.js'
import { ed25519KeyObject } from './public-keys.js'

/** A signature with what it is for. The arrays must stay as they are until the answer has come. */
export interface SignedBytes {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

export interface BatchVerifier {
  /**
   * Judges each as `verifySignature` does; the answers are in the order of the items. Batches are taken in the order they came.
   * @throws {CryptoError} VERIFIER_FULL (by rejecting) where more than `waitingMax` would wait; nothing of the batch is judged then
   */
  readonly verify: (items: readonly SignedBytes[]) => Promise<boolean[]>
}

export interface BatchVerifierLimits {
  /**
   * Signatures that the thread pool has at once, 32 unless told. The pool is the process's one, of four threads, and reads files too: whoever
   * comes next waits for so many.
   */
  readonly inFlightMax?: number
  /** Signatures of all batches that may wait beside them, 65,536 unless told. */
  readonly waitingMax?: number
}

/** Asks a thread of the pool whether one signature holds that passed our filter. May throw. */
export type PoolVerify = (item: SignedBytes, done: (failure: unknown, holds: boolean) => void) => void

interface Batch {
  readonly items: readonly SignedBytes[]
  readonly answers: boolean[]
  readonly resolve: (answers: boolean[]) => void
  readonly reject: (reason: unknown) => void
  next: number
  unanswered: number
}

/** How many are looked at before the event loop has its turn: what the filter refuses takes no thread, so nothing else would stop. */
const SLICE = 256

const onPool: PoolVerify = ({ signature, message, publicKey }, done) => verify(null, message, ed25519KeyObject(publicKey), signature, done)

/**
 * Checks signatures on libuv's threads, so that a batch neither stops the event loop nor is bound to one core.
 * @throws {RangeError} where a limit is no whole number above 0
 */
export function createBatchVerifier(limits: BatchVerifierLimits = {}): BatchVerifier {
  return batchVerifierOn(onPool, limits)
}

export function batchVerifierOn(pool: PoolVerify, { inFlightMax = 32, waitingMax = 65_536 }: BatchVerifierLimits): BatchVerifier {
  for (const limit of [inFlightMax, waitingMax]) {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('a limit is a whole number above 0')
  }
  const batches: Batch[] = []
  let waiting = 0
  let inFlight = 0
  let isLater = false

  function take(): void {
    for (let looked = 0; looked < SLICE; looked++) {
      const [batch] = batches
      if (batch === undefined || inFlight >= inFlightMax) return
      const at = batch.next++
      waiting--
      if (batch.next === batch.items.length) batches.shift()
      judge(batch, at)
    }
    if (isLater) return
    isLater = true
    setImmediate(() => {
      isLater = false
      take()
    })
  }

  function judge(batch: Batch, at: number): void {
    const item = batch.items[at] as SignedBytes
    if (!mayHold(batch, at)) return
    inFlight++
    const done = (failure: unknown, holds: boolean) => {
      inFlight--
      // That a thread failed (no memory, say) tells nothing of the signature: then it is judged here.
      answer(batch, at, failure ? () => verifySignature(item.signature, item.message, item.publicKey) : () => holds)
      take()
    }
    try {
      pool(item, done)
    } catch (failure) {
      setImmediate(done, failure, false)
    }
  }

  return {
    verify: (items) =>
      new Promise((resolve, reject) => {
        if (items.length > waitingMax - waiting) throw new CryptoError({ code: 'VERIFIER_FULL', waitingMax })
        if (items.length === 0) return resolve([])
        batches.push({ items, answers: [], resolve, reject, next: 0, unanswered: items.length })
        waiting += items.length
        take()
      }),
  }
}

/** Whether a thread has to be asked; if not, the item has its answer. Who calls may be in the middle of another's batch: nothing is thrown. */
function mayHold(batch: Batch, at: number): boolean {
  try {
    const { signature, publicKey } = batch.items[at] as SignedBytes
    if (passesFilter(signature, publicKey)) return true
    answer(batch, at, () => false)
  } catch (cause) {
    answer(batch, at, () => {
      throw cause
    })
  }
  return false
}

function answer(batch: Batch, at: number, judged: () => boolean): void {
  try {
    batch.answers[at] = judged()
  } catch (cause) {
    batch.reject(cause)
  }
  batch.unanswered--
  if (batch.unanswered === 0) batch.resolve(batch.answers)
}
