import { keyOfPeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { previousOf } from '../src/ancestors.js'
import { type Answer, type Batch, readBatch, revealMessage } from '../src/index.js'
import {
  dissentHeldMessage,
  dissentMessage,
  proposalMessage,
  sealMessage,
  type Timeout,
  timeoutMessage,
  withheldMessage,
} from '../src/messages.js'
import type { Watcher } from './checks.js'
import type { Member } from './member.js'

/** How long a seal may have lain before it was seen here: its window is measured then. */
const SLACK_MS = 1

/** What honest members sign about what is final or disputed, and what certificates say of it together. */
export class NamingWatcher {
  /** All batches that were proposed, by their hash. */
  readonly batches = new Map<string, Batch>()
  readonly #watcher: Watcher
  /** By epoch: the highest step named final, and the lowest named disputed, by anything that q members revealed alike. */
  readonly #named = new Map<number, { final: number; disputed: number }>()
  /** Dissents that an honest member said it holds: `epoch step`, by peer, and the step that it had sealed. */
  readonly #held = new Map<string, Map<number, number>>()

  constructor(watcher: Watcher) {
    this.#watcher = watcher
  }

  said(from: Member, number: number | undefined, payload: Uint8Array, envelope: Uint8Array): void {
    if (number === proposalMessage.number) this.#proposal(proposalMessage.decode(payload).batch)
    if (this.#watcher.isTraitor(from.peer)) return
    if (number === sealMessage.number && envelope !== from.restored) this.#seal(from, sealMessage.decode(payload))
    else if (number === timeoutMessage.number) this.#timeout(from, timeoutMessage.decode(payload))
    else if (number === revealMessage.number) this.#reveal(from, revealMessage.decode(payload))
    else if (number === dissentHeldMessage.number) this.#holds(from, dissentHeldMessage.decode(payload))
    else if (number === dissentMessage.number) this.#isDurable(from, envelope)
  }

  /** In a judged group nothing is named both final and disputed, by whatever certificates (docs/protocol/peer-group.md, 19). */
  certified(from: Member, { final, disputed }: Answer): void {
    const { epoch, members, jurors = 0 } = from.setup
    const known = this.#named.get(epoch) ?? { final: 0, disputed: Number.POSITIVE_INFINITY }
    const named = { final: Math.max(final, known.final), disputed: disputed === 0 ? known.disputed : Math.min(disputed, known.disputed) }
    this.#named.set(epoch, named)
    if (jurors >= members.length && named.final >= named.disputed)
      this.#watcher.violate(`step ${named.disputed} is named final and disputed`)
  }

  #proposal(bytes: Uint8Array): void {
    const name = hexOf(sha256(bytes))
    if (!this.batches.has(name)) this.batches.set(name, readBatch(bytes).value)
  }

  /** At rank 0 nothing binds, so who seals there says by itself that what the batch names is final. */
  #seal(from: Member, { epoch, step, rank, batch }: { epoch: number; step: number; rank: number; batch: Uint8Array }): void {
    const value = this.batches.get(hexOf(batch))
    const { group, setup, nowMs } = from
    if (rank !== 0 || value === undefined || value.epoch !== epoch || group === undefined || group.base.step !== step - 1) return
    if (value.final >= step) this.#watcher.violate('an honest member sealed a batch that names itself')
    const before = this.batches.get(hexOf(previousOf({ value })))
    const named = before === undefined || before.epoch !== epoch ? 0 : before.final
    for (const { step: one, sinceMs, certified } of group.steps) {
      if (one <= named || one > value.final || certified.reveals.size === setup.members.length) continue
      if (nowMs + SLACK_MS < sinceMs + group.settings.dissentWindowMs)
        this.#watcher.violate('an honest member named a step final while its window was open')
    }
  }

  #reveal(
    from: Member,
    { epoch, step, rank, batch, from: signer }: { epoch: number; step: number; rank: number; batch: Uint8Array; from: Uint8Array },
  ): void {
    if (rank !== 0 || !sameBytes(signer, keyOfPeerId(from.peer))) return
    const value = this.batches.get(hexOf(batch))
    if (value === undefined || value.epoch !== epoch) return
    const before = this.batches.get(hexOf(previousOf({ value })))
    const named = before === undefined || before.epoch !== epoch ? 0 : before.final
    for (const [against, sealedStep] of this.#held.get(`${epoch} ${from.peer}`) ?? [])
      if (against <= value.final && against > named && step > sealedStep)
        this.#watcher.violate('an honest member called a step final over a dissent that it had handed on')
  }

  #holds(
    from: Member,
    {
      epoch,
      step,
      sealedStep,
      dissent,
      from: signer,
    }: { epoch: number; step: number; sealedStep: number; dissent: Uint8Array; from: Uint8Array },
  ): void {
    if (!sameBytes(signer, keyOfPeerId(from.peer))) return
    const name = `${epoch} ${from.peer}`
    const held = this.#held.get(name) ?? new Map<number, number>()
    this.#held.set(name, held.set(step, Math.min(sealedStep, held.get(step) ?? sealedStep)))
    this.#isDurable(from, dissent)
  }

  /** Whoever collates the next rank has to see what this member holds: else it would name what this member may not seal. */
  #timeout(from: Member, { epoch, step, dissents }: Timeout): void {
    const { group } = from
    if (group === undefined || group.base.step !== step - 1) return
    const named = Math.max(0, ...group.steps.map(({ certified }) => certified.answer.final))
    const carried = dissents.map((envelope) => stepOf(envelope))
    for (const against of this.#held.get(`${epoch} ${from.peer}`)?.keys() ?? []) {
      const known = group.steps.find((one) => one.step === against)
      if (known === undefined || known.named || against <= named || (group.frozen > 0 && against >= group.frozen)) continue
      if (!carried.includes(against)) this.#watcher.violate('an honest time-out hides a dissent that its sender holds')
    }
  }

  /** What is handed on is on the disk: else a restart could make its sender a liar. */
  #isDurable(from: Member, dissent: Uint8Array): void {
    const record = from.record()
    if (record !== undefined && !hexOf(record).includes(hexOf(dissent)))
      this.#watcher.violate('an honest member handed a dissent on that its disk does not hold')
  }
}

const stepOf = (envelope: Uint8Array): number => {
  const payload = peekPayload(envelope) as Uint8Array
  const number = peekMessageNumber(envelope)
  if (number === withheldMessage.number) return withheldMessage.decode(payload).step
  return number === dissentMessage.number ? dissentMessage.decode(payload).step : revealMessage.decode(payload).step
}
