import { signMessage } from '@interpeer/crypto-ids'
import type { Verdict } from './application.js'
import { type Block, type Certificate, encodeBlock } from './block.js'
import { type Checked, tipAfter } from './candidate.js'
import { checkpointOf } from './checkpoint.js'
import { nextHeight } from './gossip/gossip.js'
import { spareCertificate } from './kept-certificates.js'
import { transactionMessage } from './messages.js'
import { afterBlock, ownersOf, type Waiting } from './pool.js'
import type { Draft } from './state.js'
import { count, hearers, sendTo } from './tell.js'

/** Own transactions offered again to some electors, at most, so that a lost message costs a block and no more. */
const OFFERED_AGAIN_MAX = 64

/** Waiting transactions that are checked again after each block, at most. */
const CHECKED_AGAIN_MAX = 256

/** A block is final: the tip moves, and everything about the height before is forgotten. */
export function certified<S>(d: Draft<S>, checked: Checked<S>, certificate: Certificate | null): void {
  const { header, body, hash, state } = checked
  const block: Block = { header, body, certificate }
  d.tip = tipAfter(d.tip, checked, certificate)
  d.round = 0
  d.phase = 'wait'
  d.reasons = {}
  d.decided = []
  d.closed = false
  d.lottery = undefined
  d.place = undefined
  d.proposed = undefined
  d.ownBlock = undefined
  d.proposals = new Map()
  d.heard = new Map()
  d.votes = new Map()
  d.candidates = new Map()
  d.refused = new Set()
  d.pulls = new Map()
  d.useless = new Map()
  d.gossip = nextHeight(d.gossip)
  d.deadlines = d.deadlines.follow === undefined ? {} : { follow: d.deadlines.follow }
  const kept = {
    bytes: encodeBlock(block),
    checkpoint: checkpointOf(d.fixed, d.tip),
    spare: spareCertificate(d.fixed.genesis, header.height),
  }
  d.effects.push({ type: 'block', block, hash, state, tip: d.tip, ...kept })
  const paid = ownersOf(d.pool, body.transactions)
  d.pool = afterBlock(d.pool, body.transactions, header.height)
  dropSpent(d, paid)
  for (const [to, untilMs] of d.followers) {
    if (untilMs < d.nowMs) d.followers = new Map([...d.followers].filter(([peer]) => peer !== to))
    else d.effects.push({ type: 'serve', to, fromHeight: header.height, untilHeight: header.height })
  }
  offerAgain(d)
}

/**
 * What the new state can never take, such as a second copy of the same receipt, waits no longer; and what can be taken now counts as that. First is looked at what owners have waiting
 * after what the block took of them.
 */
function dropSpent<S>(d: Draft<S>, taken: ReadonlySet<string>): void {
  const isNext = ({ later, price }: Waiting): boolean => later && price !== undefined && taken.has(price.of)
  const all = [...d.pool]
  const first = [...all.filter(([, one]) => isNext(one)), ...all.filter(([, one]) => !isNext(one))]
  const again = new Set(first.slice(0, CHECKED_AGAIN_MAX).map(([name]) => name))
  d.pool = new Map(
    all.flatMap(([name, waiting]): [string, Waiting][] => {
      if (!again.has(name)) return [[name, waiting]]
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
  const peers = hearers(d)
  const next = [0, 1].flatMap((i) => peers[(d.tip.height * 2 + i) % peers.length] ?? [])
  for (const { bytes } of own) {
    const value = { transaction: bytes, sender: d.fixed.signer.publicKey }
    sendTo(d, next, signMessage(transactionMessage, value, d.fixed.signer, d.fixed.network))
  }
}
