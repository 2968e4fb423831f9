import { type ContentId, peekPayload, type Signer } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Case, CaseStep } from '../simulations/case.js'
import { execute, signerAt, verification } from '../simulations/jobs.js'
import {
  type Dispute,
  type ExecutionResult,
  type Juror,
  type JurorEffect,
  type JurorEvent,
  type JurorSetup,
  openJuror,
  stepJuror,
  verdictMessage,
  verifyDispute,
} from '../src/index.js'

export const NOW = 1_700_000_100_000
type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never

/** One juror, and a network that has what it is given; the dispute is about this step, with all certificates before it, if the changes name no other. */
export class Bench {
  readonly self: Signer = signerAt(20)
  readonly setup: JurorSetup
  readonly effects: JurorEffect[] = []
  juror: Juror
  nowMs = NOW
  record: Uint8Array | undefined
  readonly #blocks: Map<ContentId, Uint8Array>
  readonly #batches: Map<string, Uint8Array>
  run: (effect: JurorEffect & { type: 'execute' }) => ExecutionResult | undefined = (effect) => execute(effect)

  constructor(
    made: Case,
    disputed: CaseStep,
    has: { readonly batches?: readonly CaseStep[]; readonly blocks?: ReadonlyMap<ContentId, Uint8Array> } = {},
    rerun: readonly Uint8Array[] = [],
    changes: Partial<JurorSetup> = {},
  ) {
    this.#batches = new Map((has.batches ?? made.steps).map(({ batch }) => [hexOf(batch.hash), batch.bytes]))
    this.#blocks = new Map(has.blocks ?? made.blocks)
    const jury = Array.from({ length: 11 }, (_, i) => signerAt(20 + i).peerId)
    this.setup = {
      context: made.context,
      dispute: changes.dispute ?? objectionTo(made, disputed),
      jury,
      rerun,
      fetchUntilMs: NOW + 5_000,
      answerUntilMs: NOW + 20_000,
      ...changes,
    }
    this.juror = this.open()
  }
  open(): Juror {
    const { state, effects } = openJuror(this.setup, this.self, this.nowMs, this.record, verification)
    this.juror = state
    this.act(effects)
    return this.juror
  }
  tell(event: WithoutTime<JurorEvent>): void {
    const { state, effects } = stepJuror(this.juror, { ...event, nowMs: this.nowMs } as JurorEvent)
    this.juror = state
    this.act(effects)
  }
  pass(ms: number): void {
    this.nowMs += ms
    this.tell({ type: 'time' })
  }
  of<K extends JurorEffect['type']>(type: K): (JurorEffect & { type: K })[] {
    return this.effects.filter((effect) => effect.type === type) as (JurorEffect & { type: K })[]
  }
  get finding() {
    const [verdict] = this.of('verdict')
    return verdict && verdictMessage.decode(peekPayload(verdict.envelope) as Uint8Array).finding
  }
  private act(effects: readonly JurorEffect[]): void {
    const kinds = effects.map(({ type }) => type)
    const first = kinds.indexOf('verdict')
    if (first >= 0 && kinds.lastIndexOf('persist') > first) throw new Error('said before it was durable')
    if (first >= 0 && kinds.lastIndexOf('store') > first) throw new Error('said before its state was stored')
    this.effects.push(...effects)
    for (const effect of effects) {
      if (effect.type === 'persist') this.record = effect.bytes
      if (effect.type === 'fetch-state') {
        const block = this.#blocks.get(effect.root)
        if (block !== undefined) this.tell({ type: 'state', root: effect.root, block, pages: [] })
      } else if (effect.type === 'fetch-batches') {
        for (const bytes of effect.hashes.flatMap((hash) => this.#batches.get(hexOf(hash)) ?? [])) this.tell({ type: 'batch', bytes })
      } else if (effect.type === 'fetch-bodies') {
        this.tell({ type: 'bodies', cids: effect.requests.map(({ cid }) => cid).filter((cid) => this.#blocks.has(cid)) })
      } else if (effect.type === 'execute') {
        const result = this.run(effect)
        if (result !== undefined) this.tell({ type: 'executed', batch: effect.batch, from: effect.from, result })
      }
    }
  }
}

/** The last member signed another answer to this step. */
function objectionTo(made: Case, disputed: CaseStep): Dispute {
  const steps = made.steps.slice(0, disputed.step).map((one) => made.certified(one, [0, 1, 2, 3]))
  const statements = [made.dissent(4, disputed, made.lie(4, disputed))]
  return verifyDispute(made.dispute(disputed, { steps, evidence: { type: 'objection', statements } }), made.context, verification)
}
export const without = (made: Case, cid: ContentId | undefined) => new Map([...made.blocks].filter(([one]) => one !== cid))
