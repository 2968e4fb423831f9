import { peekPayload } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { type Answer, certificateMessage, type GroupSetup, revealMessage } from '../src/index.js'

/** q, written out here: what is checked must not be asked. */
export const quorumOf = (memberCount: number): number => Math.floor((2 * memberCount) / 3) + 1

/** All of an answer that members have to agree on, as one string. */
export const commonPart = ({ root, responses, effects, fuel, final, disputed }: Answer): string =>
  `${hexOf(root)} ${hexOf(responses)} ${hexOf(effects)} ${fuel} ${final} ${disputed}`

/** The answer that most of a certificate's reveals of this epoch and one place give alike, and how many do: from the bytes alone. */
export function mostAlike(
  certificate: Uint8Array,
  epoch: number,
): { readonly step: number; readonly batch: Uint8Array; readonly answer: Answer; readonly count: number } | undefined {
  const alike = new Map<string, { step: number; batch: Uint8Array; answer: Answer; seats: Set<string> }>()
  for (const envelope of certificateMessage.decode(certificate).reveals) {
    const reveal = revealMessage.decode(peekPayload(envelope) as Uint8Array)
    if (reveal.epoch !== epoch) continue
    const place = `${reveal.step} ${reveal.rank} ${hexOf(reveal.batch)} ${hexOf(reveal.start)} ${commonPart(reveal.answer)}`
    const known = alike.get(place) ?? { step: reveal.step, batch: reveal.batch, answer: reveal.answer, seats: new Set<string>() }
    alike.set(place, known)
    known.seats.add(hexOf(reveal.from))
  }
  const [most] = [...alike.values()].sort((a, b) => b.seats.size - a.seats.size)
  return most === undefined ? undefined : { step: most.step, batch: most.batch, answer: most.answer, count: most.seats.size }
}

/** Whether certificates alone prove a step final: all N agree on a batch that names all before it, or a later one with q reveals alike names it. */
export function isFinalBy(certificate: Uint8Array, named: Uint8Array | null, { epoch, members }: GroupSetup): boolean {
  const one = mostAlike(certificate, epoch)
  if (one === undefined || one.count < quorumOf(members.length)) return false
  if (one.count === members.length && one.answer.final >= one.step - 1) return true
  const later = named === null ? undefined : mostAlike(named, epoch)
  return later !== undefined && later.count >= quorumOf(members.length) && later.step > one.step && later.answer.final >= one.step
}
