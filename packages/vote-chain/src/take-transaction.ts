import type { PeerId } from '@interpeer/crypto-ids'
import { transactionBytesMax } from './candidate.js'
import { nameOfTransaction, withWaiting } from './pool.js'
import { rulesOf } from './rules.js'
import type { Draft } from './state.js'
import { count } from './tell.js'

/** Transactions of one sender at one height that were of no use, after which no more of its are looked at. Who offers again what waits already needs some. */
const USELESS_MAX = 256
const SENDERS_MAX = 1_024

/** Takes a transaction into the pool if it may wait there: whether it did. Who hands in what is of no use is not heard for ever. */
export function keepTransaction<S>(d: Draft<S>, from: PeerId | 'self', bytes: Uint8Array): boolean {
  if (from === 'self') return take(d, from, bytes)
  const useless = d.useless.get(from) ?? 0
  if (useless >= USELESS_MAX) {
    count(d, 'TX_SENDER_OFTEN')
    return false
  }
  const isKept = take(d, from, bytes)
  if (!isKept) d.useless = new Map(d.useless.size >= SENDERS_MAX && !d.useless.has(from) ? [] : d.useless).set(from, useless + 1)
  return isKept
}

function take<S>(d: Draft<S>, from: PeerId | 'self', bytes: Uint8Array): boolean {
  const { application, genesis } = d.fixed
  if (d.pool.has(nameOfTransaction(bytes))) {
    count(d, 'TX_KNOWN')
    return false
  }
  if (bytes.length > transactionBytesMax(genesis.settings.blockBytesMax)) {
    count(d, 'TX_TOO_LARGE')
    return false
  }
  const verdict = application.check(d.tip.state, bytes)
  if (typeof verdict === 'string') {
    count(d, verdict)
    return false
  }
  const sender = from === 'self' ? 'self' : d.tip.group.electorate.members.has(from) ? 'elector' : 'stranger'
  const price = application.priceOf?.(d.tip.state, bytes)
  const waiting = { bytes, from, sender, sinceHeight: d.tip.height, later: verdict !== undefined, price } as const
  const pool = withWaiting(d.pool, waiting, rulesOf(d).txPoolMax)
  if (typeof pool !== 'string') {
    d.pool = pool
    return true
  }
  count(d, pool)
  return false
}
