import { bytesOfContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { Case, type CaseStep } from '../simulations/case.js'
import { signerAt, verification } from '../simulations/jobs.js'
import { type Batch, type Dispute, type Finding, firstStateBlock, stateEventOf, verifyDispute } from '../src/index.js'
import type { Stretch } from '../src/jury/stretch.js'
import { type GroupState, readState } from '../src/state-block.js'
import { Bench } from './juror-bench.js'

const lie = firstStateBlock(contentIdOf(encodeCbor(['a lie']), 'dag-cbor'))
/** No step comes to it. */
export const LIE: GroupState = readState(lie.bytes, [])

/** What is otherwise about one step: how many requests it has, what its batch says, and what it is made of. */
export interface Planted {
  readonly requests?: number
  readonly changes?: Partial<Batch>
  readonly from?: GroupState
}
/** So many steps in a row, few of which have requests. The first `again` of them the epoch runs again. */
export function far(count: number, planted: Readonly<Record<number, Planted>> = {}, again = 0): Case {
  const made = new Case(5)
  made.blocks.set(lie.cid, lie.bytes)
  const stranger = { epoch: 0, ancestors: [sha256(Uint8Array.of(3))], from: bytesOfContentId(LIE.root) }
  for (let step = 1; step <= count; step++) {
    const { requests = step % 9 === 1 ? 1 : 0, changes, from } = planted[step] ?? {}
    const one = made.run(requests, { ...(step <= again ? stranger : {}), ...changes }, from)
    if (step <= again) made.rerun = [...made.rerun, one.batch.hash]
  }
  return made
}

/** Of which step a member says that it was kept out of it (if none is named, the last); and which others' certificates are shown. */
export interface Shown {
  readonly of?: number
  readonly base?: number
  readonly path?: readonly number[]
  readonly later?: readonly number[]
  readonly statements?: (made: Case, one: CaseStep) => readonly Uint8Array[]
}
/** The last of five members asks for a stretch, or, without one, for all. */
export function asking(made: Case, stretch: Stretch | undefined, shown: Shown = {}): Dispute {
  const { of = made.steps.length, base, path = [], later = [] } = shown
  const { statements = (_, one) => [made.withheld(4, one, { stretch: stretch ?? null })] } = shown
  const certified = (step: number) => made.certified(made.step(step), [0, 1, 2, 3])
  const evidence = { type: 'objection', statements: statements(made, made.step(of)) } as const
  const steps = [...path, of, ...later].map(certified)
  const bytes = made.dispute(made.step(of), { base: base === undefined ? null : certified(base), steps, evidence })
  return verifyDispute(bytes, made.context, verification)
}

/** A juror of it, who can have all that was made, or only this, and the states' pages too. */
export function juryOf(made: Case, dispute: Dispute, has: ConstructorParameters<typeof Bench>[2] = {}): Bench {
  const bench = new Bench(made, made.step(dispute.step), has, made.rerun, { dispute })
  giveState(made, bench, has.blocks)
  return bench
}
export function giveState(
  made: Case,
  bench: Bench,
  blocks: NonNullable<ConstructorParameters<typeof Bench>[2]>['blocks'] = made.blocks,
): void {
  const { startRoot } = bench.juror
  const event = startRoot === undefined ? undefined : stateEventOf(startRoot, (cid) => blocks.get(cid))
  if (event !== undefined) bench.tell(event)
}

export const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
/** What the first juror says of a step that was not certified as it comes out. */
export const answered = (made: Case, step: number): Finding => ({ type: 'answered', step, answer: made.step(step).answerOf(signerAt(20)) })
export const stepsIn = (made: Case, hashes: readonly Uint8Array[]): readonly (number | undefined)[] =>
  hashes.map((hash) => made.steps.find(({ batch }) => hexOf(batch.hash) === hexOf(hash))?.step)
/** The steps whose batches a juror asked for, but for those that it only gets for others. */
export function asked(made: Case, bench: Bench): readonly (number | undefined)[] {
  const effects = bench.of('fetch-batches').filter(({ isSpare }) => isSpare !== true)
  return stepsIn(
    made,
    effects.flatMap(({ hashes }) => hashes),
  )
}
