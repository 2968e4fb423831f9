import { signMessage } from '@interpeer/crypto-ids'
import type { Verdict } from './application.js'
import { type Block, type Certificate, encodeBlock } from './block.js'
import type { Checked } from './candidate.js'
import { leadersOf } from './electorate.js'
import { transactionMessage } from './messages.js'
import { afterBlock, type Waiting } from './pool.js'
import type { Draft } from './state.js'
import { count, sendTo } from './tell.js'

/** Own transactions offered again to the next leaders, at most, so that a lost message costs a block and no more. */
const OFFERED_AGAIN_MAX = 64

/** Waiting transactions that are checked again after each block, at most. */
const CHECKED_AGAIN_MAX = 256

/** A block is final: the tip moves, and everything about the height before is forgotten. */
export function certified<S>(d: Draft<S>, { header, body, hash, state }: Checked<S>, certificate: Certificate): void {
  const block: Block = { header, body, certificate }
  const leaders = leadersOf(d.fixed.electors, header.seed, header.height + 1)
  d.tip = { height: header.height, hash, seed: header.seed, timeMs: header.timeMs, certificate, header, state, leaders }
  d.round = 0
  d.phase = 'wait'
  d.locked = undefined
  d.highest = undefined
  d.own = []
  d.proposals = new Map()
  d.votes = new Map()
  d.candidates = new Map()
  d.deadlines = d.deadlines.follow === undefined ? {} : { follow: d.deadlines.follow }
  d.effects.push({ type: 'block', block, bytes: encodeBlock(block), hash, state })
  d.pool = afterBlock(d.pool, body.transactions, header.height)
  dropSpent(d)
  for (const [to, untilMs] of d.followers) {
    if (untilMs < d.nowMs) d.followers = new Map([...d.followers].filter(([peer]) => peer !== to))
    else d.effects.push({ type: 'serve', to, fromHeight: header.height, untilHeight: header.height })
  }
  offerAgain(d)
}

/** What the new state can never take, such as a second copy of the same receipt, waits no longer. */
function dropSpent<S>(d: Draft<S>): void {
  let left = CHECKED_AGAIN_MAX
  d.pool = new Map(
    [...d.pool].flatMap(([name, waiting]): [string, Waiting][] => {
      if (left-- <= 0) return [[name, waiting]]
      const verdict = verdictOf(d, waiting.bytes)
      return typeof verdict === 'string' ? [] : [[name, { ...waiting, later: verdict !== undefined }]]
    }),
  )
}
/** A pool is a peer's own affair: a transaction that this host gives out on is dropped, and the block is final all the same. */
function verdictOf<S>(d: Draft<S>, transaction: Uint8Array): Verdict {
  try {
    return d.fixed.application.check(d.tip.state, transaction)
  } catch {
    count(d, 'TX_HOST_FAULT')
    return 'TX_HOST_FAULT'
  }
}

function offerAgain<S>(d: Draft<S>): void {
  const own = [...d.pool.values()].filter(({ from }) => from === 'self').slice(0, OFFERED_AGAIN_MAX)
  const next = d.tip.leaders.slice(0, 2).filter((peer) => peer !== d.fixed.signer.peerId)
  for (const { bytes } of own) {
    const value = { transaction: bytes, sender: d.fixed.signer.publicKey }
    sendTo(d, next, signMessage(transactionMessage, value, d.fixed.signer, d.fixed.network))
  }
}
