import { type PeerId, peerIdOfKey, signMessage } from '@interpeer/crypto-ids'
import { bytesOfHex, compareBytes, hexOf } from '@interpeer/wire-codec'
import { countVote } from './count-vote.js'
import { leaderLot, leaderWaitMs, seedInput } from './electorate.js'
import { answerBehind, askAhead, askForMissing, withAnswer } from './follow.js'
import { linked, withNeighbour } from './gossip/gossip.js'
import {
  gossipMessage,
  type Have,
  HELD_MAX,
  haveMessage,
  linkMessage,
  type Offer,
  offerMessage,
  SHORT_NAME_BYTES,
  type Want,
  wantMessage,
} from './gossip/messages.js'
import { onLink, tend } from './gossip/neighbours.js'
import { charge, flush, isSpent, meets, messagesOf, note, passOn } from './gossip/pass-on.js'
import { nameOfMessage } from './gossip/seen.js'
import { transactionMessage } from './messages.js'
import { nameOfTransaction } from './pool.js'
import { lastPlaceMs, mayVote, placeMs } from './rounds.js'
import type { Draft } from './state.js'
import { keepTransaction } from './take-transaction.js'
import { circleOf, count, dropNeighbour, handProposal, resendMs, sendBundleTo, sendTo } from './tell.js'

/** Rounds ahead of this peer's for which a proposal is kept. */
export const ROUNDS_AHEAD = 2
/** Transactions that were offered and asked for at a time. */
const WANTED_MAX = 256
const PULLED_FROM_MAX = 8
/** Neighbours told at a time what this peer has. */
const TOLD = 2
/** Votes sent at once to a neighbour that lacks them. */
const GIVEN_MAX = 1_024

const isNeighbour = <S>(d: Draft<S>, from: PeerId): boolean => d.gossip.neighbours.get(from)?.isLinked === true

/** A message that only neighbours send each other. */
export function onNeighbour<S>(d: Draft<S>, from: PeerId, number: number, message: Uint8Array): undefined {
  if (number === linkMessage.number) return onLinkMessage(d, from, message)
  const neighbour = d.gossip.neighbours.get(from)
  if (neighbour === undefined) return onNoNeighbour(d, from)
  d.gossip = withNeighbour(d.gossip, from, { isLinked: true, heardMs: d.nowMs })
  if (!neighbour.isLinked) greet(d, from) // who was asked and sends has said yes
  if (isSpent(neighbour)) return count(d, 'GOSSIP_OFTEN')
  switch (number) {
    case gossipMessage.number:
      return onGossip(d, from, message)
    case haveMessage.number:
      return onHave(d, from, haveMessage.decode(message))
    case offerMessage.number:
      return onOffer(d, from, offerMessage.decode(message))
    default:
      return onWant(d, from, wantMessage.decode(message))
  }
}
/** Who takes this peer for a neighbour that it is not learns that. */
function onNoNeighbour<S>(d: Draft<S>, from: PeerId): undefined {
  count(d, 'GOSSIP_STRANGER')
  sendTo(d, [from], linkMessage.encode({ says: 'end' }))
}

function onLinkMessage<S>(d: Draft<S>, from: PeerId, message: Uint8Array): undefined {
  const { says } = linkMessage.decode(message)
  if (onLink(d, from, says, circleOf(d), d.fixed.gossip)) greet(d, from)
}
/** A new neighbour: it learns what this peer has. */
function greet<S>(d: Draft<S>, from: PeerId): undefined {
  if (d.gossip.passing.length > 0) d.gossip = { ...d.gossip, flushAtMs: d.nowMs } // what had nobody to go to
  // what this peer has is a thousand times as long as what ends a link and begins it again
  const handed = withAnswer(d, d.handed, from)
  if (handed === undefined) return count(d, 'HAVE_OFTEN')
  d.handed = handed
  tellHave(d, from)
}

function onGossip<S>(d: Draft<S>, from: PeerId, message: Uint8Array): undefined {
  const { votes, transactions } = gossipMessage.decode(message)
  for (const vote of votes) takeVote(d, from, vote)
  for (const transaction of transactions) passTransaction(d, from, transaction)
}
function takeVote<S>(d: Draft<S>, from: PeerId, vote: Uint8Array): undefined {
  if (!isNeighbour(d, from)) return
  const name = nameOfMessage(vote)
  if (!meets(d, from, name)) return
  const counted = countVote(d, from, vote)
  if (counted === 'wrong') return dropNeighbour(d, from)
  if (counted === 'unread') return
  note(d, from, name)
  if (counted === 'kept') passOn(d, 'vote', vote, d.fixed.gossip.gatherMs, name)
  else charge(d, from)
}
/** A transaction from a neighbour, or from whoever handed it in: what is new and may wait goes on to the other neighbours. */
export function passTransaction<S>(d: Draft<S>, from: PeerId, transaction: Uint8Array): undefined {
  const name = nameOfMessage(transaction)
  if (!meets(d, from, name)) return
  d.wanted = without(d.wanted, nameOfTransaction(transaction))
  const isKept = keepTransaction(d, from, transaction)
  note(d, from, name)
  if (isKept) passOn(d, 'transaction', transaction, d.fixed.gossip.gatherMs, name)
  else charge(d, from)
}

/** The votes of this round and the one before, by the first bytes of their names. */
function heldVotes<S>(d: Draft<S>, fromRound: number): ReadonlyMap<string, Uint8Array> {
  const held = new Map<string, Uint8Array>()
  for (const [round, all] of d.votes) {
    if (round < fromRound) continue
    for (const kind of ['soft', 'certify', 'next'] as const) {
      for (const { envelope } of all[kind].values()) held.set(nameOfMessage(envelope).slice(0, SHORT_NAME_BYTES), envelope)
    }
  }
  return held
}
const REASON_BITS = { soft: 1, value: 2, none: 4 } as const
const reasonBits = <S>({ reasons }: Draft<S>): number =>
  Object.keys(reasons).reduce((bits, name) => bits | REASON_BITS[name as keyof typeof REASON_BITS], 0)

function tellHave<S>(d: Draft<S>, to: PeerId): undefined {
  if (!mayVote(d)) return
  d.gossip = withNeighbour(d.gossip, to, { toldMs: d.nowMs })
  const names = [...heldVotes(d, d.round - 1).keys()].slice(0, HELD_MAX).join('')
  const have: Have = {
    height: d.tip.height + 1,
    round: d.round,
    reasons: reasonBits(d),
    lot: d.proposals.get(d.round)?.lot ?? null,
    votes: Uint8Array.from(names, (character) => character.charCodeAt(0)),
  }
  sendTo(d, [to], haveMessage.encode(have))
}
/** What is due by the clock: who is silent goes, what was asked for is asked for elsewhere, what was lost is told again, what gathered is passed on. */
export function keepSharing<S>(d: Draft<S>): undefined {
  if (d.nowMs >= d.gossip.tendAtMs) tendNeighbours(d)
  if (d.pulls.size > 0) pullAgain(d)
  if (mayVote(d) && d.phase !== 'wait' && d.nowMs >= (d.deadlines.resend ?? Number.POSITIVE_INFINITY)) {
    d.deadlines = { ...d.deadlines, resend: d.nowMs + resendMs(d) }
    shareAgain(d)
    askForMissing(d)
  }
  flush(d, d.fixed.gossip.fanOut, nameOfTransaction)
}
/** Where nothing came: two neighbours, each time others, learn what this peer has and tell what it lacks. */
function shareAgain<S>(d: Draft<S>): undefined {
  const peers = linked(d.gossip)
  const { turn } = d.gossip
  d.gossip = { ...d.gossip, turn: turn + TOLD }
  for (const peer of new Set(Array.from({ length: Math.min(TOLD, peers.length) }, (_, i) => peers[(turn + i) % peers.length] as PeerId))) {
    tellHave(d, peer)
  }
}

/** A neighbour says what it has: it gets what it lacks, and is told what this peer lacks. */
function onHave<S>(d: Draft<S>, from: PeerId, have: Have): undefined {
  if (have.height <= d.tip.height) return answerBehind(d, from, have.height)
  if (have.height > d.tip.height + 1) return askAhead(d, from)
  if (!mayVote(d)) return
  // all votes of some rounds are hashed for it, for a message of some bytes
  if (d.nowMs < (d.gossip.neighbours.get(from)?.comparedMs ?? d.nowMs) + resendMs(d) / 8) return count(d, 'HAVE_OFTEN')
  d.gossip = withNeighbour(d.gossip, from, { comparedMs: d.nowMs })
  const theirs = namesIn(have.votes)
  const held = heldVotes(d, Math.min(have.round, d.round) - 1)
  const lacked = [...held].flatMap(([name, bytes]) => (theirs.has(name) ? [] : [{ kind: 'vote' as const, bytes }]))
  const best = d.proposals.get(d.round)
  const isBehind = have.round < d.round
  const bundles = Object.entries(d.reasons).filter(
    ([name]) => isBehind || (have.round === d.round && (have.reasons & REASON_BITS[name as keyof typeof REASON_BITS]) === 0),
  )
  const offers = best !== undefined && have.round === d.round && (have.lot === null || compareBytes(best.lot, have.lot) < 0)
  if (lacked.length > 0 || bundles.length > 0 || offers) {
    const handed = withAnswer(d, d.handed, from)
    if (handed === undefined) return count(d, 'HAVE_OFTEN')
    d.handed = handed
    for (const message of messagesOf(lacked.slice(0, GIVEN_MAX), nameOfTransaction)) sendTo(d, [from], message)
    for (const [, bundle] of bundles) sendBundleTo(d, [from], bundle)
    if (offers) handProposal(d, [from], best.envelope)
  }
  const isHigher = have.lot !== null && have.round === d.round && (best === undefined || compareBytes(have.lot, best.lot) < 0)
  const lacksHere = have.round > d.round || (have.round === d.round && (have.reasons & ~reasonBits(d)) !== 0)
  const lacksVotes = [...theirs].some((name) => !held.has(name))
  const toldMs = d.gossip.neighbours.get(from)?.toldMs ?? d.nowMs
  if ((isHigher || lacksHere || lacksVotes) && d.nowMs >= toldMs + resendMs(d) / 2) tellHave(d, from)
}
function namesIn(votes: Uint8Array): ReadonlySet<string> {
  const names = new Set<string>()
  for (let at = 0; at + SHORT_NAME_BYTES <= votes.length; at += SHORT_NAME_BYTES) {
    names.add(String.fromCharCode(...votes.subarray(at, at + SHORT_NAME_BYTES)))
  }
  return names
}

function onOffer<S>(d: Draft<S>, from: PeerId, { proposal, transactions }: Offer): undefined {
  if (proposal !== null) onOfferedProposal(d, from, proposal)
  const names = transactions.map(hexOf).filter((name) => !d.pool.has(name) && !isWanted(d, name))
  if (names.length === 0) return
  const known = [...d.wanted].filter(([, atMs]) => d.nowMs < atMs + resendMs(d)).slice(-(WANTED_MAX - names.length))
  d.wanted = new Map([...known, ...names.map((name) => [name, d.nowMs] as const)])
  sendTo(d, [from], wantMessage.encode({ proposal: null, transactions: names.map(bytesOfHex) }))
}
const isWanted = <S>(d: Draft<S>, name: string): boolean => d.nowMs < (d.wanted.get(name) ?? Number.NEGATIVE_INFINITY) + resendMs(d)

/** A proposal of a lower lot than what this peer knows: it asks for it. What computes the lot is proof that its leader made one. */
function onOfferedProposal<S>(d: Draft<S>, from: PeerId, { height, round, leader, proof }: NonNullable<Offer['proposal']>): undefined {
  if (height > d.tip.height + 1) return askAhead(d, from)
  if (height <= d.tip.height || !mayVote(d) || round < d.round || round > d.round + ROUNDS_AHEAD) return
  const peer = peerIdOfKey(leader)
  if (d.heard.get(round)?.has(peer)) return
  const { electorate } = d.tip.group
  const output = electorate.members.has(peer) ? d.fixed.verification.vrfOutput(leader, seedInput(d.tip.seed, height), proof) : undefined
  if (output === undefined) return dropNeighbour(d, from)
  const lot = leaderLot(output, round)
  const [best, pull] = [d.proposals.get(round), d.pulls.get(round)]
  const isLate = leaderWaitMs(lot, electorate.electors.length, placeMs(d, round)) > lastPlaceMs(d, round)
  if (isLate || (best !== undefined && compareBytes(best.lot, lot) <= 0)) return
  const order = pull === undefined ? 1 : compareBytes(pull.lot, lot)
  if (order < 0) return
  if (pull !== undefined && order === 0) {
    // each once: who offers again and again would be all who is asked
    if (pull.others.length < PULLED_FROM_MAX && from !== pull.asked && !pull.others.includes(from))
      d.pulls = new Map(d.pulls).set(round, { ...pull, others: [...pull.others, from] })
    return
  }
  d.pulls = new Map(d.pulls).set(round, { lot, asked: from, askedMs: d.nowMs, others: [] })
  askForProposal(d, from, round)
}
const askForProposal = <S>(d: Draft<S>, to: PeerId, round: number): undefined =>
  sendTo(d, [to], wantMessage.encode({ proposal: { height: d.tip.height + 1, round }, transactions: [] }))

/** How long a proposal that was asked for is waited for, before another is asked. */
export const pullMs = <S>(d: Draft<S>): number => Math.ceil(resendMs(d) / 2)
/** Proposals that did not come are asked for elsewhere. */
function pullAgain<S>(d: Draft<S>): undefined {
  for (const [round, { lot, askedMs, others }] of d.pulls) {
    const best = d.proposals.get(round)
    if (round < d.round || (best !== undefined && compareBytes(best.lot, lot) <= 0)) d.pulls = without(d.pulls, round)
    else if (d.nowMs >= askedMs + pullMs(d)) {
      const [next, ...rest] = others
      if (next === undefined) d.pulls = without(d.pulls, round)
      else {
        d.pulls = new Map(d.pulls).set(round, { lot, asked: next, askedMs: d.nowMs, others: rest })
        askForProposal(d, next, round)
      }
    }
  }
}
function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map
  const left = new Map(map)
  left.delete(key)
  return left
}

function onWant<S>(d: Draft<S>, from: PeerId, { proposal, transactions }: Want): undefined {
  if (proposal !== null && proposal.height === d.tip.height + 1) {
    const best = d.proposals.get(proposal.round)
    const handed = best === undefined ? undefined : withAnswer(d, d.handed, from)
    if (best !== undefined && handed === undefined) return count(d, 'WANT_OFTEN')
    if (best !== undefined && handed !== undefined) {
      d.handed = handed
      sendTo(d, [from], best.envelope)
    }
  }
  for (const name of transactions) {
    const waiting = d.pool.get(hexOf(name))
    if (waiting === undefined) continue
    const handed = withAnswer(d, d.handed, from)
    if (handed === undefined) return count(d, 'WANT_OFTEN')
    d.handed = handed
    const value = { transaction: waiting.bytes, sender: d.fixed.signer.publicKey }
    sendTo(d, [from], signMessage(transactionMessage, value, d.fixed.signer, d.fixed.network))
  }
}

/** Lets neighbours go that are silent, and finds others. */
function tendNeighbours<S>(d: Draft<S>): undefined {
  const { cycleMs } = d.fixed.genesis.settings
  const answerMs = Math.max(1_000, 2 * resendMs(d))
  tend(d, circleOf(d), d.fixed.gossip, { answerMs, silentMs: 3 * cycleMs + 64 * resendMs(d), renewMs: 64 * cycleMs })
}
