import type { Block } from '@interpeer/content-store'

/** What nothing waits for is written so long after it came at most, with what came meanwhile. */
const GATHER_MS = 50
const GATHERED_MAX_BYTES = 1024 * 1024

interface Waiting {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Blocks that are to be on the disk before anything is done that needs them, and need not be there sooner: one transaction for many offers' bodies. */
export class GatheredPuts {
  readonly #put: (blocks: readonly Block[]) => Promise<void>
  #blocks: Block[] = []
  #waiting: Waiting[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  readonly #gatherMs: number

  constructor(put: (blocks: readonly Block[]) => Promise<void>, gatherMs = GATHER_MS) {
    this.#put = put
    this.#gatherMs = gatherMs
  }

  /** Resolves when they are on the disk, and rejects as `put` does: after `flush`, or a little later without it. */
  add(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      this.#blocks.push(block)
      this.#bytes += block.bytes.length
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#gatherMs)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#bytes > GATHERED_MAX_BYTES) this.flush()
    })
  }

  /** Something needs them. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting
    const blocks = this.#blocks
    if (waiting.length === 0) return
    this.#waiting = []
    this.#blocks = []
    this.#bytes = 0
    this.#put(blocks).then(
      () => {
        for (const { resolve } of waiting) resolve()
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error)
      },
    )
  }
}
