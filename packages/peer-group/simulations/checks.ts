import { type PeerId, peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { type GroupEffect, quorumOf, revealMessage } from '../src/index.js'

/**
 * Watches everything that leaves any member. Messages, once sent, can be received by anyone at any time, so a certificate exists as soon as
 * q matching reveals were sent, whether or not anyone has put it together yet.
 */
export class Watcher {
  readonly violations: string[] = []
  readonly certified = new Map<string, string>()
  readonly marks = new Map<PeerId, number>()
  readonly faults = new Set<PeerId>()
  readonly #reveals = new Map<string, Set<string>>()
  readonly #traitors: ReadonlySet<PeerId>

  constructor(traitors: Iterable<PeerId>) {
    this.#traitors = new Set(traitors)
  }

  effect(epoch: number, memberCount: number, effect: GroupEffect): void {
    if (effect.type === 'send') this.#sent(memberCount, effect.envelope)
    if (effect.type === 'final') this.same(`final ${epoch} ${effect.step}`, `${hexOf(effect.batch)} ${effect.state}`)
    if (effect.type === 'mark') {
      this.marks.set(effect.peer, (this.marks.get(effect.peer) ?? 0) + 1)
      if (!this.#traitors.has(effect.peer)) this.violations.push(`an honest member was marked ${effect.outcome} in step ${effect.step}`)
    }
    if (effect.type === 'fault') {
      this.faults.add(effect.peer)
      if (!this.#traitors.has(effect.peer)) this.violations.push(`an honest member was accused: ${effect.kind}`)
    }
  }

  /** Says that at `place` only one thing can be true. */
  same(place: string, what: string): void {
    const known = this.certified.get(place)
    if (known === undefined) this.certified.set(place, what)
    else if (known !== what) this.violations.push(`two different certificates: ${place}`)
  }

  /** Counted for whoever signed it: members hand on others' reveals that differ. */
  #sent(memberCount: number, envelope: Uint8Array): void {
    if (peekMessageNumber(envelope) !== revealMessage.number) return
    const payload = peekPayload(envelope)
    if (payload === undefined) return
    const { epoch, step, rank, batch, answer, from: signer } = revealMessage.decode(payload)
    const place = `${epoch} ${step} ${rank} ${hexOf(batch)} ${hexOf(answer.root)}`
    const members = this.#reveals.get(place) ?? new Set<string>()
    this.#reveals.set(place, members.add(hexOf(signer)))
    if (members.size >= quorumOf(memberCount)) this.same(`soup ${epoch} ${step}`, `${hexOf(batch)} ${hexOf(answer.root)}`)
  }
}
