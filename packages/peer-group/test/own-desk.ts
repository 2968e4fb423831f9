import { peekMessageNumber, sha256, signMessage } from '@interpeer/crypto-ids'
import { signerAt, verification } from '../simulations/jobs.js'
import { writeCertificate } from '../src/certificate.js'
import {
  type FinalReveals,
  finalReveals,
  type GroupEffect,
  type GroupEvent,
  OWN_WORK_MESSAGES,
  type OwnWork,
  type OwnWorkEffect,
  type OwnWorkEvent,
  type OwnWorkSettings,
  openOwnWork,
  stepOwnWork,
} from '../src/index.js'
import { finalMessage, revealMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { Desk } from './desk.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
export interface OwnLetter {
  readonly from: number
  readonly to: number
  readonly envelope: Uint8Array
}

/** A desk whose members watch one another's own work, as their shells would have it: beside the groups. Their letters wait for the test. */
export class OwnDesk extends Desk {
  private readonly looked = new WeakSet<FinalReveals>()
  private watches: OwnWork[] | undefined
  readonly watched: { readonly member: number; readonly effect: OwnWorkEffect }[] = []
  ownLetters: OwnLetter[] = []

  private readonly ownSettings: Partial<OwnWorkSettings>

  constructor(peers: number, ownSettings: Partial<OwnWorkSettings> = {}) {
    super(peers)
    this.ownSettings = ownSettings
  }

  watch(member: number): OwnWork {
    this.watches ??= this.setup.members.map((_, i) =>
      openOwnWork(this.context, signerAt(i), sha256(Uint8Array.of(i)), this.ownSettings, verification),
    )
    return this.watches[member] as OwnWork
  }

  override tell(member: number, event: WithoutTime<GroupEvent>): readonly GroupEffect[] {
    if (event.type === 'executed' && event.result.type === 'ran') {
      this.tellWatch(member, { ...event.result, type: 'ran', batch: event.batch })
    }
    if (event.type === 'message' && OWN_WORK_MESSAGES.includes(peekMessageNumber(event.envelope) ?? -1)) this.tellWatch(member, event)
    const effects = super.tell(member, event)
    for (const effect of effects) if (effect.type === 'final') this.tellFinal(member, effect)
    for (const reveals of finalReveals(this.group(member))) {
      if (this.looked.has(reveals)) continue
      this.looked.add(reveals)
      this.tellWatch(member, { type: 'revealed', reveals: reveals.values() })
    }
    return effects
  }

  tellFinal(member: number, { certificate, batch, files, requests }: GroupEffect & { type: 'final' }): void {
    this.tellWatch(member, { type: 'final', certificate, batch, files, responses: requests.map(({ response }) => response) })
  }

  /** A certificate as a member knows it with one more reveal, as another hands it round. */
  shown(member: number, step: number, reveal: Uint8Array, by: number): Uint8Array {
    const known = this.group(member).steps.find((one) => one.step === step)?.certified
    const opened = createVerifier(this.context, verification).open(revealMessage, reveal)
    if (known === undefined || typeof opened === 'string') throw new Error('no such step')
    const certificate = writeCertificate([...known.reveals.values(), opened])
    const fields = { job: opened.value.job, epoch: opened.value.epoch, from: signerAt(by).publicKey }
    return signMessage(finalMessage, { ...fields, step, certificate, batch: known.batch.bytes }, signerAt(by), this.setup.network)
  }

  tellWatch(member: number, event: WithoutTime<OwnWorkEvent>): readonly OwnWorkEffect[] {
    const { state, effects } = stepOwnWork(this.watch(member), { ...event, nowMs: this.nowMs } as OwnWorkEvent)
    ;(this.watches as OwnWork[])[member] = state
    for (const effect of effects) {
      this.watched.push({ member, effect })
      if (effect.type === 'send') {
        this.ownLetters.push({ from: member, to: this.setup.members.indexOf(effect.to), envelope: effect.envelope })
      }
    }
    return effects
  }

  /** Delivers the watches' letters until none is left. */
  deliverOwn(): void {
    for (let letter = this.ownLetters.shift(); letter !== undefined; letter = this.ownLetters.shift()) {
      this.tellWatch(letter.to, { type: 'message', from: this.peer(letter.from), envelope: letter.envelope })
    }
  }

  claims(member?: number): (OwnWorkEffect & { type: 'claim' })[] {
    return this.watched
      .filter((one) => member === undefined || one.member === member)
      .flatMap(({ effect }) => (effect.type === 'claim' ? [effect] : []))
  }
  countedOwn(member: number): string[] {
    return this.watched.flatMap((one) => (one.member === member && one.effect.type === 'count' ? [one.effect.code] : []))
  }
}
