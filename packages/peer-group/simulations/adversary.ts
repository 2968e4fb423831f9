import { type ContentId, contentIdOf, type PeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import type { Random } from '@interpeer/simulator'
import type { Message } from '@interpeer/wire-codec'
import { type ExecutionResult, type FromMember, finalMessage, type GroupEffect, readStateBlock, revealMessage } from '../src/index.js'
import { start } from './jobs.js'
import type { Member } from './member.js'

/**
 * What a member does instead of what is right. It holds the member's key, hears what the member hears, and may send anything that the key can sign
 * (`Member.sign`, `Member.post`). Of several tactics of one member, each gets what the one before it left. A new kind of message needs nothing here: `on` takes
 * its declaration.
 */
export interface Tactic {
  readonly name: string
  /** Told once, before its machine starts. */
  readonly begin?: (member: Member) => void
  /** What goes to one peer in place of an envelope that an honest member would send now; none: silence. */
  readonly send?: (member: Member, to: PeerId, envelope: Uint8Array) => readonly Uint8Array[]
  /** Told of all that comes in. False: its machine does not hear of it. */
  readonly hear?: (member: Member, from: PeerId, envelope: Uint8Array) => boolean
  readonly run?: (member: Member, effect: GroupEffect & { type: 'execute' }, result: ExecutionResult) => ExecutionResult
  /** What is given to whoever fetches a block. */
  readonly serve?: (member: Member, cid: ContentId, block: Uint8Array | undefined, to: PeerId) => Uint8Array | undefined
}

/** Does something to messages of one kind that it would send, and leaves the others as they are. */
export function on<T extends FromMember>(
  message: Message<T>,
  change: (member: Member, value: T, to: PeerId, envelope: Uint8Array) => readonly Uint8Array[],
): NonNullable<Tactic['send']> {
  return (member, to, envelope) => {
    const payload = peekMessageNumber(envelope) === message.number ? peekPayload(envelope) : undefined
    return payload === undefined ? [envelope] : change(member, message.decode(payload), to, envelope)
  }
}

/** One `send` after another. */
export function both(...sends: readonly NonNullable<Tactic['send']>[]): NonNullable<Tactic['send']> {
  return (member, to, envelope) =>
    sends.reduce<readonly Uint8Array[]>((left, send) => left.flatMap((one) => send(member, to, one)), [envelope])
}

export const seatOf = ({ setup }: Member, peer: PeerId): number => setup.members.indexOf(peer)
const inOneHalf = (member: Member, peer: PeerId): boolean => seatOf(member, peer) % 2 === 0

/** Signs wrong answers. */
export const liar: Tactic = {
  name: 'liar',
  run: (_, effect, result) => (result.type === 'ran' ? { ...result, files: contentIdOf(sha256(effect.batch), 'dag-cbor') } : result),
}

/** Hears all and says nothing. */
export const silent: Tactic = { name: 'silent', send: () => [] }

/** Says nothing of some kinds, which are drawn. */
export function mute(random: Random, kinds: readonly number[]): Tactic {
  const held = kinds.filter(() => random.chance(400))
  return { name: 'mute', send: (_, __, envelope) => (held.includes(peekMessageNumber(envelope) ?? -1) ? [] : [envelope]) }
}

/** Says everything, but late. */
export function slow(msMax: number): Tactic {
  return {
    name: 'slow',
    send: (member, to, envelope) => {
      member.around.world.after(member.random.between(1, msMax), () => member.post(to, envelope))
      return []
    },
  }
}

/** As if one member were not there. */
export function censorMember(random: Random): Tactic {
  const victimOf = (member: Member) => member.setup.members[(seatOf(member, member.peer) + 1 + offset) % member.setup.members.length]
  const offset = random.below(2)
  return {
    name: 'censor-member',
    send: (member, to, envelope) => (to === victimOf(member) ? [] : [envelope]),
    hear: (member, from) => from !== victimOf(member),
  }
}

/** What its collating hands round reaches one half only. */
export function splitter(kinds: readonly number[]): Tactic {
  return {
    name: 'splitter',
    send: (member, to, envelope) => (kinds.includes(peekMessageNumber(envelope) ?? -1) && inOneHalf(member, to) ? [] : [envelope]),
  }
}

/** Its clock is wrong, so as a collator it sets a wrong time: at the edge of what others take, or beyond it. */
export function clockSetter(random: Random): Tactic {
  const byMs = random.pick([-1_990, 1_990, -6_000, 6_000])
  return { name: 'clock-setter', begin: ({ machine, around }) => machine.clock.jump(around.world.nowMs, byMs) }
}

/** Reveals with every seal, whether or not q members sealed. */
export const eagerRevealer: Tactic = {
  name: 'eager-revealer',
  send: (member, _, envelope) => {
    const sealed = member.group?.open.sealed
    if (sealed === undefined || envelope !== sealed.envelope) return [envelope]
    const { rank, batch, salt, answer } = sealed
    const step = batch.value.step
    return [envelope, member.sign(revealMessage, { step, rank, batch: batch.hash, start: batch.value.from, salt, answer })]
  },
}

/** Tells newcomers, and whoever is behind, nothing of what it holds. */
export const withholder: Tactic = {
  name: 'withholder',
  send: on(finalMessage, () => []),
  serve: () => undefined,
}

/** Gives the job's first state for any later one. */
export const staleServer: Tactic = {
  name: 'stale-server',
  serve: (_, __, block) => (block !== undefined && isState(block) ? start.bytes : block),
}

function isState(block: Uint8Array): boolean {
  try {
    readStateBlock(block)
    return true
  } catch {
    return false
  }
}
