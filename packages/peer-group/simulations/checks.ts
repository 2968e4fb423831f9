import { contentIdOfBytes, type PeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { certificateMessage, type GroupEffect, type MemberOutcome, readBatch, revealMessage } from '../src/index.js'
import { proposalMessage, sealMessage, timeoutMessage } from '../src/messages.js'
import { logs } from './jobs.js'
import type { Member } from './member.js'

/** q, written out here: what is checked must not be asked. */
export const quorumOf = (memberCount: number): number => Math.floor((2 * memberCount) / 3) + 1

interface Said {
  /** Payloads by kind and place. */
  readonly once: Map<string, string>
  /** The highest rank given up, and revealed at, by epoch and step. */
  readonly givenUp: Map<string, number>
  readonly revealed: Map<string, number>
}

/**
 * Watches everything that leaves any member. Messages, once sent, can be received by anyone at any time, so a certificate exists as soon as q matching reveals
 * were sent, whether or not anyone has put it together yet. What an honest member may never send is a violation even if nobody hears it.
 */
export class Watcher {
  readonly violations: string[] = []
  readonly certified = new Map<string, string>()
  readonly marks = new Map<PeerId, number>()
  readonly faults = new Set<PeerId>()
  readonly accused = new Map<string, number>()
  readonly outcomes: (readonly MemberOutcome[])[] = []
  /** How many requests a batch has, by its hash. */
  readonly #batches = new Map<string, number>()
  readonly #seals = new Map<string, Set<PeerId>>()
  readonly #reveals = new Map<string, Set<PeerId>>()
  readonly #traitors: ReadonlySet<PeerId>
  readonly #said = new Map<PeerId, Said>()

  constructor(traitors: Iterable<PeerId>) {
    this.#traitors = new Set(traitors)
  }

  isTraitor(peer: PeerId): boolean {
    return this.#traitors.has(peer)
  }

  effect(from: Member, effect: GroupEffect): void {
    const { epoch } = from.setup
    // what a traitor's machine says of itself proves nothing
    if (this.isTraitor(from.peer)) return
    if (effect.type === 'final') {
      this.same(`final ${epoch} ${effect.step}`, `${hexOf(effect.batch)} ${effect.state} ${effect.files}`)
      this.#certificate(from, effect.certificate)
      if (!logs.has(effect.files)) this.violate(`a wrong result is final in step ${effect.step}`)
    }
    if (effect.type === 'closed') this.outcomes.push(effect.outcomes)
    if (effect.type === 'mark') {
      this.marks.set(effect.peer, (this.marks.get(effect.peer) ?? 0) + 1)
      if (!this.isTraitor(effect.peer)) this.violate(`an honest member was marked ${effect.outcome} in step ${effect.step}`)
    }
    if (effect.type === 'fault') {
      this.faults.add(effect.peer)
      this.accused.set(effect.kind, (this.accused.get(effect.kind) ?? 0) + 1)
      if (!this.isTraitor(effect.peer)) this.violate(`an honest member was accused: ${effect.kind}`)
    }
  }

  /** An envelope that a member has signed for good: it was sent, or is in its record and so may be sent. */
  said(from: Member, envelope: Uint8Array): void {
    const number = peekMessageNumber(envelope)
    const payload = peekPayload(envelope)
    if (payload === undefined) return
    if (number === sealMessage.number) this.#seal(from, payload)
    else if (number === revealMessage.number) this.#reveal(from, payload)
    else if (number === timeoutMessage.number) this.#timeout(from, payload)
    else if (number === proposalMessage.number) {
      const { epoch, step, rank, batch } = proposalMessage.decode(payload)
      this.#batches.set(hexOf(sha256(batch)), readBatch(batch).requests.length)
      this.#once(from, `proposal ${epoch} ${step} ${rank}`, payload)
    }
  }

  /** Says that at `place` only one thing can be true. */
  same(place: string, what: string): void {
    const known = this.certified.get(place)
    if (known === undefined) this.certified.set(place, what)
    else if (known !== what) this.violate(`two different certificates: ${place}`)
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what)
  }

  #seal(from: Member, payload: Uint8Array): void {
    const { epoch, step, rank, batch } = sealMessage.decode(payload)
    const isNew = this.#once(from, `seal ${epoch} ${step} ${rank}`, payload)
    const place = `${epoch} ${step} ${rank} ${hexOf(batch)}`
    this.#seals.set(place, (this.#seals.get(place) ?? new Set()).add(from.peer))
    if (this.isTraitor(from.peer) || !isNew) return
    const requests = this.#batches.get(hexOf(batch))
    if (requests !== 0 && !from.ran.has(hexOf(batch))) this.violate(`an honest member sealed in step ${step} what it had not run`)
    if ((this.#saidBy(from).givenUp.get(`${epoch} ${step}`) ?? -1) >= rank) this.violate('an honest member sealed after its time-out')
  }

  #reveal(from: Member, payload: Uint8Array): void {
    const { epoch, step, rank, batch, answer } = revealMessage.decode(payload)
    const isNew = this.#once(from, `reveal ${epoch} ${step} ${rank}`, payload)
    const quorum = quorumOf(from.setup.members.length)
    if (isNew && !this.isTraitor(from.peer)) {
      const said = this.#saidBy(from)
      const sealers = this.#seals.get(`${epoch} ${step} ${rank} ${hexOf(batch)}`)?.size ?? 0
      const isLate = from.group !== undefined && from.group.base.step >= step
      // who reveals for the record, after the certificate, has sealed for nobody
      if (!isLate && sealers < quorum) this.violate(`an honest member revealed on ${sealers} seals`)
      if ((said.givenUp.get(`${epoch} ${step}`) ?? -1) >= rank) this.violate('an honest member revealed after its time-out')
      if (!isLate) said.revealed.set(`${epoch} ${step}`, Math.max(rank, said.revealed.get(`${epoch} ${step}`) ?? -1))
      if (!from.hasSafe(contentIdOfBytes(answer.root))) this.violate('an honest member revealed a state that its disk does not hold')
    }
    const place = `${epoch} ${step} ${rank} ${hexOf(batch)} ${hexOf(answer.root)}`
    const members = this.#reveals.get(place) ?? new Set<PeerId>()
    this.#reveals.set(place, members.add(from.peer))
    if (members.size >= quorum) this.same(`soup ${epoch} ${step}`, `${hexOf(batch)} ${hexOf(answer.root)}`)
  }

  #timeout(from: Member, payload: Uint8Array): void {
    const { epoch, step, rank, bound } = timeoutMessage.decode(payload)
    if (!this.#once(from, `time-out ${epoch} ${step} ${rank}`, payload) || this.isTraitor(from.peer)) return
    const said = this.#saidBy(from)
    said.givenUp.set(`${epoch} ${step}`, Math.max(rank, said.givenUp.get(`${epoch} ${step}`) ?? -1))
    if ((said.revealed.get(`${epoch} ${step}`) ?? -1) > (bound?.rank ?? -1))
      this.violate('an honest time-out hides a commit set that its sender revealed on')
  }

  /** q of its reveals are alike and of one place: written out here, from the bytes. */
  #certificate(from: Member, certificate: Uint8Array): void {
    const { members, epoch } = from.setup
    const alike = new Map<string, number>()
    for (const envelope of certificateMessage.decode(certificate).reveals) {
      const reveal = revealMessage.decode(peekPayload(envelope) as Uint8Array)
      const place = `${reveal.epoch} ${reveal.step} ${reveal.rank} ${hexOf(reveal.batch)} ${hexOf(reveal.answer.root)} ${hexOf(reveal.answer.responses)}`
      if (reveal.epoch === epoch) alike.set(place, (alike.get(place) ?? 0) + 1)
    }
    if (Math.max(0, ...alike.values()) < quorumOf(members.length))
      this.violate('a certificate has fewer than q reveals of one place that agree')
  }

  /** Whether this is the first time. An honest member says one thing at one place. */
  #once(from: Member, place: string, payload: Uint8Array): boolean {
    const { once } = this.#saidBy(from)
    const [known, now] = [once.get(place), hexOf(payload)]
    once.set(place, known ?? now)
    if (known !== undefined && known !== now && !this.isTraitor(from.peer))
      this.violate(`an honest member signed twice: ${place.split(' ')[0]}`)
    return known === undefined
  }

  #saidBy({ peer }: Member): Said {
    const said = this.#said.get(peer) ?? { once: new Map(), givenUp: new Map(), revealed: new Map() }
    this.#said.set(peer, said)
    return said
  }
}
