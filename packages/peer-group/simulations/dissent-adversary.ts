import { bytesOfContentId, contentIdOf, type PeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import type { Random } from '@interpeer/simulator'
import { finalMessage, readBatch, revealMessage } from '../src/index.js'
import {
  commitSetMessage,
  dissentHeldMessage,
  dissentMessage,
  proposalMessage,
  sealMessage,
  timeoutMessage,
  withheldMessage,
} from '../src/messages.js'
import { liar, on, seatOf, type Tactic } from './adversary.js'
import type { Member } from './member.js'

/** dissent, withheld, dissent-held: what is signed against a step. */
const AGAINST: readonly number[] = [dissentMessage.number, withheldMessage.number, dissentHeldMessage.number]
/** A lie about a batch: the same one for all who tell it. */
const otherRoot = (batch: Uint8Array): Uint8Array => bytesOfContentId(contentIdOf(sha256(batch, batch), 'dag-cbor'))

/** Gives nothing at all to some members, and takes nothing from them: what is certified is hidden from them, and what they would run. */
export function hideFrom(victims: readonly number[]): Tactic {
  const isVictim = (member: Member, peer: PeerId): boolean => victims.includes(seatOf(member, peer))
  return {
    name: 'hide-from',
    send: (member, to, envelope) => (isVictim(member, to) ? [] : [envelope]),
    hear: (member, from) => !isVictim(member, from),
    serve: () => undefined,
  }
}

/**
 * Keeps some members out of single steps, lies in these, and lets them take part in all others: they never see what the rest begins from. Whoever asks for such a batch by its hash does not
 * get it, if it is one of them.
 * @param isGiven they do get it
 */
export function hideSteps(
  victims: readonly number[],
  isHidden: (step: number) => boolean,
  { isLie = isHidden, isGiven = false }: { readonly isLie?: (step: number) => boolean; readonly isGiven?: boolean } = {},
): Tactic {
  const isKept = (member: Member, to: PeerId, step: number | undefined): boolean =>
    step !== undefined && isHidden(step) && victims.includes(seatOf(member, to))
  return {
    name: 'hide-steps',
    run: (member, effect, result) => (isLie(effect.step) ? (liar.run?.(member, effect, result) ?? result) : result),
    send: (member, to, envelope) => (isKept(member, to, stepOf(envelope)) ? [] : [envelope]),
    serve: (member, _, block, to) =>
      !isGiven && isKept(member, to, block === undefined ? undefined : stepOfBatch(block)) ? undefined : block,
  }
}
const OF_STEP = [proposalMessage, sealMessage, commitSetMessage, revealMessage, timeoutMessage, finalMessage] as const
function stepOf(envelope: Uint8Array): number | undefined {
  const [number, payload] = [peekMessageNumber(envelope), peekPayload(envelope)]
  const message = OF_STEP.find((one) => one.number === number)
  return message === undefined || payload === undefined ? undefined : message.decode(payload).step
}
function stepOfBatch(block: Uint8Array): number | undefined {
  try {
    return readBatch(block).value.step
  } catch {
    return undefined
  }
}

/** Gives one member nothing: who has the others' certificate and lacks the bodies may ask it first, and hears nothing. Those who certify with it get all. */
export function silentTo(victim: number): Tactic {
  const isVictim = (member: Member, peer: PeerId): boolean => seatOf(member, peer) === victim
  return {
    name: 'silent-to',
    send: (member, to, envelope) => (isVictim(member, to) ? [] : [envelope]),
    serve: (member, _, block, to) => (isVictim(member, to) ? undefined : block),
  }
}

/** Gives the certificates and batches to all, and the requests' bodies to nobody: whoever did not run it can't. */
export const bodyWithholder: Tactic = { name: 'body-withholder', serve: () => undefined }

/** Takes its own certificate for granted: hears nothing that is signed against it, and hands nothing on. */
export const deafToDissent: Tactic = {
  name: 'deaf-to-dissent',
  hear: (_, __, envelope) => !AGAINST.includes(peekMessageNumber(envelope) ?? -1),
}

/** Says that it holds a dissent, and goes on as if it did not: a provable lie. */
export const clearOverDissent: Tactic = {
  name: 'clear-over-dissent',
  hear: (member, _, envelope) => {
    const number = peekMessageNumber(envelope) ?? -1
    if (!AGAINST.includes(number)) return true
    const payload = peekPayload(envelope)
    const step = member.group?.base.step ?? 0
    if (number !== dissentMessage.number || payload === undefined) return false
    const fields = { step: dissentMessage.decode(payload).step, sealedStep: step, sealedRank: 65_535, dissent: envelope }
    const held = member.sign(dissentHeldMessage, fields)
    for (const peer of member.setup.members) if (peer !== member.peer) member.post(peer, held)
    return false
  },
}

/** Reveals what is certified, and tells some that it came to something else, or was given nothing. */
export function twoAnswers(random: Random): Tactic {
  const said = new Set<number>()
  return {
    name: 'two-answers',
    hear: (member, _, envelope) => {
      const payload = peekMessageNumber(envelope) === finalMessage.number ? peekPayload(envelope) : undefined
      const known = member.group?.steps.at(-1)
      if (payload === undefined || known === undefined || said.has(known.step) || !random.chance(500)) return true
      said.add(known.step)
      const { rank, batch } = known.certified
      const dissent = random.chance(500)
        ? falseDissent(member, known.step)
        : member.sign(withheldMessage, { step: known.step, rank, batch: batch.hash, stretch: null })
      if (dissent === undefined) return true
      for (const peer of member.setup.members) if (peer !== member.peer && random.chance(500)) member.post(peer, dissent)
      return true
    },
  }
}

function falseDissent(member: Member, step: number): Uint8Array | undefined {
  const known = member.group?.steps.find((one) => one.step === step)
  if (known === undefined) return undefined
  const { rank, batch, answer } = known.certified
  const start = known.certified.batch.value.from
  return member.sign(dissentMessage, { step, rank, batch: batch.hash, start, answer: { ...answer, root: otherRoot(batch.hash) } })
}

/** Says nothing while a step is agreed on, and signs another answer, or that it was given nothing, when it is certified: to all, or to some. */
export function lateDissenter(random: Random): Tactic {
  const said = new Set<number>()
  const isShy = random.chance(500)
  return {
    name: 'late-dissenter',
    send: on(revealMessage, () => []),
    hear: (member, _, envelope) => {
      if (peekMessageNumber(envelope) !== finalMessage.number) return true
      member.around.world.after(random.between(1, 2_500), () => {
        for (const { step, certified } of member.group?.steps ?? []) {
          if (said.has(step) || readBatch(certified.batch.bytes).requests.length === 0) continue
          said.add(step)
          const { rank, batch } = certified
          const against = random.chance(600)
            ? falseDissent(member, step)
            : member.sign(withheldMessage, { step, rank, batch: batch.hash, stretch: null })
          if (against === undefined) continue
          for (const peer of member.setup.members)
            if (peer !== member.peer && (!isShy || seatOf(member, peer) % 2 === 0)) member.post(peer, against)
        }
      })
      return true
    },
  }
}

/** Shows what it signs against a step, or hands on, to one half only. */
export const dissentToSome: Tactic = {
  name: 'dissent-to-some',
  send: (member, to, envelope) => (AGAINST.includes(peekMessageNumber(envelope) ?? -1) && seatOf(member, to) % 2 === 0 ? [] : [envelope]),
}
