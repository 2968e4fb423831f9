import type { ContentId } from '@interpeer/crypto-ids'
import type { World } from '@interpeer/simulator'
import { type DisputeContext, verifyClosing } from '../src/index.js'
import { BLOCK_MS, type Chain } from './chain-node.js'
import { verification } from './jobs.js'

/** As the chain waits for whoever was kept out of what it closes. */
const HELD_BLOCKS = 6

interface Around {
  readonly world: World
  readonly chain: Chain
  readonly context: DisputeContext
  /** To all members. */
  readonly show: (certificate: Uint8Array) => void
}

/** What the chain does with an epoch's closing certificate: where not all members revealed it, it keeps it for a while, and takes disputes meanwhile (ADR 0043). */
export class ChainClosing {
  /** What the next epoch begins from. */
  opened: { readonly state: ContentId; readonly timeMs: number } | undefined
  isHeld = false
  readonly #around: Around

  constructor(around: Around) {
    this.#around = around
  }

  take(certificate: Uint8Array, batch: Uint8Array): void {
    const { world, chain, context, show } = this.#around
    if (this.opened !== undefined || chain.isBeforeJury) return
    const closing = verifyClosing(certificate, batch, context, verification)
    if (closing.unanimous) {
      this.#open(closing)
      return
    }
    if (this.isHeld) return
    this.isHeld = true
    chain.isClosed = true
    world.note(undefined, `a closing is kept: step ${closing.step}`)
    show(certificate)
    let blocks = 0
    let judged = chain.judgments.length
    const look = (): void => {
      if (this.opened !== undefined) return
      if (chain.judgments.length > judged) blocks = 0
      judged = chain.judgments.length
      if (!chain.isBeforeJury) blocks++
      if (blocks > HELD_BLOCKS && !chain.isBeforeJury) this.#open(closing)
      else world.after(BLOCK_MS, look)
    }
    look()
  }

  #open(closing: ReturnType<typeof verifyClosing>): void {
    const { world, chain } = this.#around
    world.note(undefined, 'the closing is carried out')
    this.opened = { state: closing.state, timeMs: closing.timeMs }
    chain.end()
  }
}
