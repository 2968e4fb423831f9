import { type ContentId, contentIdOfBytes, keyOfPeerId, type PeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { GROUP_DEFAULTS, type GroupEffect, type MemberOutcome, type Reveal, readBatch, revealMessage } from '../src/index.js'
import { type Dissent, dissentMessage, proposalMessage, sealMessage, timeoutMessage } from '../src/messages.js'
import { commonPart, isFinalBy, quorumOf } from './finality-checks.js'
import { logs } from './jobs.js'
import type { Member } from './member.js'
import { NamingWatcher } from './naming-checks.js'

export { quorumOf }

interface Said {
  /** Hashes of all payloads. */
  readonly all: Set<string>
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
  /** Wrong results that an honest member took for final, as `epoch step`: only where q members collude, and then a jury has to undo them. */
  readonly wrong = new Set<string>()
  /** What visitors asked, by what the group calls it. */
  readonly asked = new Map<string, ContentId>()
  readonly #naming: NamingWatcher
  readonly #seals = new Map<string, Set<PeerId>>()
  readonly #reveals = new Map<string, Set<PeerId>>()
  readonly #traitors: ReadonlySet<PeerId>
  readonly #said = new Map<PeerId, Said>()

  constructor(traitors: Iterable<PeerId>) {
    this.#traitors = new Set(traitors)
    this.#naming = new NamingWatcher(this)
  }
  /** How many of its members are traitors. */
  traitorsIn({ setup }: Member): number {
    return setup.members.filter((peer) => this.isTraitor(peer)).length
  }
  /** Fewer than 2q-N traitors: no two certificates for one step. */
  isOrderly(member: Member): boolean {
    const count = member.setup.members.length
    return this.traitorsIn(member) < 2 * quorumOf(count) - count
  }
  /** Fewer than q traitors: nothing wrong can be certified. */
  isHonestlyCertified(member: Member): boolean {
    return this.traitorsIn(member) < quorumOf(member.setup.members.length)
  }

  /** Whether an honest member let a rank of the step time out. */
  wasGivenUp(epoch: number, step: number): boolean {
    return [...this.#said.values()].some(({ givenUp }) => givenUp.has(`${epoch} ${step}`))
  }

  isTraitor(peer: PeerId): boolean {
    return this.#traitors.has(peer)
  }

  effect(from: Member, effect: GroupEffect): void {
    const { epoch } = from.setup
    // what a traitor's machine says of itself proves nothing
    if (this.isTraitor(from.peer)) return
    if (effect.type === 'final') {
      if (this.isOrderly(from)) this.same(`final ${epoch} ${effect.step}`, `${hexOf(effect.batch)} ${effect.state} ${effect.files}`)
      if (!isFinalBy(effect.certificate, effect.named, from.setup))
        this.violate(`step ${effect.step} is final, and its certificates don't prove it`)
      for (const { id, cid } of readBatch(effect.batch).requests)
        if ((this.asked.get(hexOf(id)) ?? cid) !== cid) this.violate('a write was answered with what its visitor did not ask')
      if (!logs.has(effect.files)) {
        this.wrong.add(`${epoch} ${effect.step}`)
        if (this.isHonestlyCertified(from)) this.violate(`a wrong result is final in step ${effect.step}`)
      }
    }
    if (effect.type === 'closed') {
      this.outcomes.push(effect.outcomes)
      const { value, from: root } = readBatch(effect.batch)
      if (!value.closing || value.requests.length > 0 || root !== effect.state) this.violate('a closing batch changed the state')
    }
    if (effect.type === 'mark') {
      this.marks.set(effect.peer, (this.marks.get(effect.peer) ?? 0) + 1)
      if (!this.isTraitor(effect.peer) && this.isHonestlyCertified(from))
        this.violate(`an honest member was marked ${effect.outcome} in step ${effect.step}`)
      const isJudged = (from.setup.jurors ?? 0) >= from.setup.members.length
      if (effect.outcome !== (isJudged ? 'contradicted' : 'unresolved')) this.violate(`marked ${effect.outcome} where that can't be known`)
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
    const isNew = this.#isNew(from, payload)
    if (number === proposalMessage.number || isNew) this.#naming.said(from, number, payload, envelope)
    if (number === sealMessage.number) this.#seal(from, payload)
    else if (number === revealMessage.number) {
      const reveal = revealMessage.decode(payload)
      // members hand on others' reveals that differ: who signed it has said it before
      if (sameBytes(reveal.from, keyOfPeerId(from.peer))) this.#reveal(from, reveal, payload)
    } else if (number === dissentMessage.number) {
      const dissent = dissentMessage.decode(payload)
      if (sameBytes(dissent.from, keyOfPeerId(from.peer))) this.#answer(from, dissent)
    } else if (number === timeoutMessage.number) this.#timeout(from, payload)
    else if (number === proposalMessage.number) {
      const { epoch, step, rank } = proposalMessage.decode(payload)
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
    const named = this.#naming.batches.get(hexOf(batch))?.requests ?? []
    const bytes = named.reduce((sum, { cid }) => sum + (from.block(contentIdOfBytes(cid))?.length ?? 0), 0)
    const bytesMax = from.setup.settings.batchBytesMax ?? GROUP_DEFAULTS.batchBytesMax
    if (named.length > 1 && bytes > bytesMax) this.violate(`an honest member sealed ${bytes} bytes of requests in step ${step}`)
    const requests = this.#naming.batches.get(hexOf(batch))?.requests.length
    if (requests !== 0 && !from.ran.has(hexOf(batch))) this.violate(`an honest member sealed in step ${step} what it had not run`)
    if ((this.#saidBy(from).givenUp.get(`${epoch} ${step}`) ?? -1) >= rank) this.violate('an honest member sealed after its time-out')
  }

  #reveal(from: Member, reveal: Reveal, payload: Uint8Array): void {
    const { epoch, step, rank, batch, answer } = reveal
    this.#answer(from, reveal)
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
      for (const { cid } of this.#naming.batches.get(hexOf(batch))?.requests ?? [])
        if (!from.hasSafe(contentIdOfBytes(cid))) this.violate('an honest member revealed on requests that its disk does not hold')
    }
    const what = `${hexOf(batch)} ${commonPart(answer)}`
    const members = this.#reveals.get(`${epoch} ${step} ${rank} ${what}`) ?? new Set<PeerId>()
    this.#reveals.set(`${epoch} ${step} ${rank} ${what}`, members.add(from.peer))
    if (members.size < quorum || !this.isOrderly(from)) return
    this.same(`soup ${epoch} ${step}`, what)
    this.#naming.certified(from, answer)
  }

  /** Whatever honest members make of one batch from one state is the same, in reveals and in dissents, and they have run it. */
  #answer(from: Member, { step, epoch, batch, start, answer }: Reveal | Dissent): void {
    if (this.isTraitor(from.peer)) return
    this.same(`honest answer ${epoch} ${step} ${hexOf(batch)} ${hexOf(start)}`, commonPart(answer))
    if (this.#naming.batches.get(hexOf(batch))?.requests.length !== 0 && !from.ran.has(hexOf(batch)))
      this.violate(`an honest member answered in step ${step} what it had not run`)
  }

  #timeout(from: Member, payload: Uint8Array): void {
    const { epoch, step, rank, bound } = timeoutMessage.decode(payload)
    if (!this.#once(from, `time-out ${epoch} ${step} ${rank}`, payload) || this.isTraitor(from.peer)) return
    const said = this.#saidBy(from)
    said.givenUp.set(`${epoch} ${step}`, Math.max(rank, said.givenUp.get(`${epoch} ${step}`) ?? -1))
    if ((said.revealed.get(`${epoch} ${step}`) ?? -1) > (bound?.rank ?? -1))
      this.violate('an honest time-out hides a commit set that its sender revealed on')
  }

  #isNew(from: Member, payload: Uint8Array): boolean {
    const { all } = this.#saidBy(from)
    const name = hexOf(sha256(payload))
    if (all.has(name)) return false
    all.add(name)
    return true
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
    const said = this.#said.get(peer) ?? { all: new Set(), once: new Map(), givenUp: new Map(), revealed: new Map() }
    this.#said.set(peer, said)
    return said
  }
}
