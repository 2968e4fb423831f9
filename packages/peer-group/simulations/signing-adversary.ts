import { bytesOfContentId, contentIdOfBytes, type PeerId, peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import type { Random } from '@interpeer/simulator'
import { sameBytes } from '@interpeer/wire-codec'
import { readBatch, writeBatch } from '../src/batch.js'
import { type Batch, finalMessage, writeIdOf } from '../src/index.js'
import { commitSetMessage, type Proposal, proposalMessage, sealMessage, type Timeout, timeoutMessage } from '../src/messages.js'
import { both, on, seatOf, type Tactic } from './adversary.js'
import type { Member } from './member.js'
import { readRequest, requestCid, requestOf } from './requests.js'

const inOneHalf = (member: Member, peer: PeerId): boolean => seatOf(member, peer) % 2 === 0

/** Signs the same proposal with a batch that differs. */
function withBatch(member: Member, proposal: Proposal, changes: Partial<Batch>): Uint8Array {
  const batch = writeBatch({ ...readBatch(proposal.batch).value, ...changes }).bytes
  return member.sign(proposalMessage, { ...proposal, batch })
}
/** Whether a proposal's batch is its collator's own choice: a bound one that is changed is refused by everyone. */
const isFree = ({ timeouts }: Proposal): boolean =>
  timeouts.every((envelope) => timeoutMessage.decode(peekPayload(envelope) as Uint8Array).bound === null)

/** Proposes one batch to one half and another to the other, and seals both. */
export const equivocator: Tactic = {
  name: 'equivocator',
  send: both(
    on(proposalMessage, (member, proposal, to, envelope) => {
      if (!isFree(proposal) || inOneHalf(member, to)) return [envelope]
      const { timeMs } = readBatch(proposal.batch).value
      return [withBatch(member, proposal, { timeMs: timeMs + 1 })]
    }),
    on(sealMessage, (member, { step, rank, batch }, to, envelope) =>
      inOneHalf(member, to) ? [envelope] : [member.sign(sealMessage, { step, rank, batch, seal: batch })],
    ),
  ),
}

/** Proposes one batch to everyone, and another to whoever has sealed the first: once at once, and later, when that member may have forgotten. */
export function doubleProposer(): Tactic {
  const others = new Map<string, Uint8Array>()
  const placeOf = ({ step, rank }: { readonly step: number; readonly rank: number }): string => `${step} ${rank}`
  return {
    name: 'double-proposer',
    send: on(proposalMessage, (member, proposal, _, envelope) => {
      if (!isFree(proposal)) return [envelope]
      const other = withBatch(member, proposal, { requests: [], timeMs: readBatch(proposal.batch).value.timeMs + 1 })
      others.set(placeOf(proposal), other)
      return [envelope]
    }),
    hear: (member, from, envelope) => {
      const payload = peekMessageNumber(envelope) === sealMessage.number ? peekPayload(envelope) : undefined
      const other = payload === undefined ? undefined : others.get(placeOf(sealMessage.decode(payload)))
      if (other === undefined) return true
      for (const ms of [0, 50, 200, 600, 1_200, 4_000]) member.around.world.after(ms, () => member.post(from, other))
      return true
    },
  }
}

/** Seals what it sealed, and something else besides. */
export const doubleSealer: Tactic = {
  name: 'double-sealer',
  send: on(sealMessage, (member, { step, rank, batch, seal }, _, envelope) => [
    envelope,
    member.sign(sealMessage, { step, rank, batch, seal: seal.map((byte) => byte ^ 1) }),
  ]),
}

/**
 * Keeps to itself the commit sets that it collates, and what comes of them; its time-outs do not have them either. A rank or two later it comes out with
 * the old one.
 */
export const hider: Tactic = {
  name: 'hider',
  send: both(
    on(commitSetMessage, () => []),
    on(finalMessage, () => []),
    on(timeoutMessage, (member, timeout, _, envelope) => {
      const { rank, bound } = timeout
      return bound === null || rank > bound.rank ? [envelope] : [member.sign(timeoutMessage, { ...timeout, bound: null })]
    }),
  ),
}

/** Shows, in all later time-outs of a step, the first commit set that it knew of, which others may not know of at all. */
export function lowballer(): Tactic {
  const first = new Map<number, NonNullable<Timeout['bound']>>()
  return {
    name: 'lowballer',
    send: both(
      on(timeoutMessage, (member, timeout, _, envelope) => {
        const { step, rank, bound } = timeout
        if (bound === null) return [envelope]
        const low = first.get(step) ?? bound
        first.set(step, low)
        return rank <= low.rank ? [envelope] : [member.sign(timeoutMessage, { ...timeout, bound: low })]
      }),
      hider.send as NonNullable<Tactic['send']>,
    ),
  }
}

/** Never shows a commit set at all. */
export const denier: Tactic = {
  name: 'denier',
  send: on(timeoutMessage, (member, timeout) => [member.sign(timeoutMessage, { ...timeout, bound: null })]),
}

/** Says that it gave up ranks that are not there yet. */
export const rankJumper: Tactic = {
  name: 'rank-jumper',
  send: on(timeoutMessage, (member, timeout, _, envelope) => [
    envelope,
    member.sign(timeoutMessage, { ...timeout, rank: timeout.rank + 7 }),
  ]),
}

/** Leaves every other request out of what it proposes. */
export const censorRequests: Tactic = {
  name: 'censor-requests',
  send: on(proposalMessage, (member, proposal, _, envelope) => {
    const { requests } = readBatch(proposal.batch).value
    const kept = requests.filter(({ id }) => (id[0] as number) % 2 === 0)
    return !isFree(proposal) || kept.length === requests.length ? [envelope] : [withBatch(member, proposal, { requests: kept })]
  }),
}

/** Proposes what has run already once more. */
export function repeater(): Tactic {
  const seen: Batch['requests'][number][] = []
  const see = (envelope: Uint8Array): void => {
    const payload = peekMessageNumber(envelope) === proposalMessage.number ? peekPayload(envelope) : undefined
    if (payload === undefined || seen.length > 100) return
    for (const request of readBatch(proposalMessage.decode(payload).batch).value.requests) {
      if (!seen.some(({ id }) => sameBytes(id, request.id))) seen.push(request)
    }
  }
  return {
    name: 'repeater',
    hear: (_, __, envelope) => {
      see(envelope)
      return true
    },
    send: on(proposalMessage, (member, proposal, _, envelope) => {
      see(envelope)
      const { requests, closing } = readBatch(proposal.batch).value
      const again = seen.find(({ id }) => requests.every((one) => !sameBytes(one.id, id)))
      return !isFree(proposal) || closing || again === undefined
        ? [envelope]
        : [withBatch(member, proposal, { requests: [again, ...requests] })]
    }),
  }
}

/** Proposes batches that name steps as they may not: themselves, all at once, or none any more. */
export function misnamer(random: Random): Tactic {
  return {
    name: 'misnamer',
    send: on(proposalMessage, (member, proposal, _, envelope) => {
      const { step, final } = readBatch(proposal.batch).value
      const other = [step, step - 1, 0][(step + member.index) % 3] as number
      return !isFree(proposal) || other === final || !random.chance(700) ? [envelope] : [withBatch(member, proposal, { final: other })]
    }),
  }
}

/** Batches requests of its own under the ids of others' writes: those would never run, and their visitors be told another answer. */
export const idThief: Tactic = {
  name: 'id-thief',
  send: on(proposalMessage, (member, proposal, _, envelope) => {
    const { requests } = readBatch(proposal.batch).value
    if (!isFree(proposal) || requests.length === 0) return [envelope]
    return [withBatch(member, proposal, { requests: requests.map((one) => stolen(member, one)) })]
  }),
}

function stolen(member: Member, request: Batch['requests'][number]): Batch['requests'][number] {
  const block = member.block(contentIdOfBytes(request.cid))
  const asked = block === undefined ? undefined : readRequest(block)
  if (asked === undefined) return request
  const own = requestOf(member.signer.publicKey, asked.id, asked.ms)
  const cid = requestCid(own, false)
  member.hold(cid, own)
  return { ...request, cid: bytesOfContentId(cid) }
}

/** Fills what it batches with large requests of its own, that others are to fetch and run. */
export const stuffer: Tactic = {
  name: 'stuffer',
  send: on(proposalMessage, (member, proposal, _, envelope) => {
    const { requests, timeMs, closing } = readBatch(proposal.batch).value
    if (!isFree(proposal) || closing || requests.length === 0) return [envelope]
    const more = [1, 2, 3].map((n) => large(member, proposal.rank, n, timeMs))
    return [withBatch(member, proposal, { requests: [...requests.slice(0, 1), ...more] })]
  }),
}

function large(member: Member, rank: number, n: number, ms: number): Batch['requests'][number] {
  const id = Uint8Array.from({ length: 16 }, (_, i) => [n, rank][i] ?? 0)
  const { publicKey: from } = member.signer
  const block = requestOf(from, id, ms, new Uint8Array(LARGE_BYTES))
  const cid = requestCid(block, false)
  member.hold(cid, block)
  return { id: writeIdOf({ from, id }), ms, cid: bytesOfContentId(cid) }
}
const LARGE_BYTES = 8 * 1024
