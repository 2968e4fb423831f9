/**
 * A frozen step F, a later provisional step P, the jury's verdict on F, and the epochs after it (design §6, Epochs, Final or frozen, Jury).
 * Meanwhile N matching reveals may lift the freeze, the group may work on, and it may close and hand over.
 *
 * A group is one actor here: what it certifies is agreed (one-step.ts), q shows hold all of it (recovery.ts, recovery-chain.ts), and a closing
 * batch opens one epoch (closing.ts). Members may not know the newest block, so an epoch works on until it is shown or closed.
 */
import type { Model } from './explore.js'
import { withAt } from './group.js'

export interface VerdictRules {
  /** The verdict's epoch begins from what q members show, who then sign nothing more in theirs; else from what the dispute recorded. */
  readonly verdictOpensFromShows: boolean
  /** The closing batch of a frozen epoch opens none; shows do, once the verdict fell. Else it opens one, with the frozen steps to be run again. */
  readonly frozenClosingOpensNothing: boolean
  /** An epoch that is opened with a dispute orders nothing before the verdict. (Said of an epoch that such a closing batch opens.) */
  readonly disputedEpochWaits: boolean
  /** Shows with a disputed step wait for its verdict before a block opens anything from them. Nothing breaks without: then the step is run, and judged, again. */
  readonly showsWaitForVerdict: boolean
  /** What was certified after the frozen step is run again, in order. */
  readonly laterBatchesAreRerun: boolean
}
export const verdictRules: VerdictRules = {
  verdictOpensFromShows: true,
  frozenClosingOpensNothing: true,
  disputedEpochWaits: true,
  showsWaitForVerdict: true,
  laterBatchesAreRerun: true,
}

type Id = 'F' | 'P' | 'W' | 'X'
interface Epoch {
  readonly number: number
  /** What its first state came from. */
  readonly kept: readonly Id[]
  /** To be run again first. */
  readonly rerun: readonly Id[]
  readonly disputed: boolean
  readonly log: readonly Id[]
  /** How many of the log are final. */
  readonly final: number
  readonly over: 'no' | 'closed' | 'shown'
}
interface Verdict {
  readonly isRight: boolean
  readonly verdict: 'none' | 'fallen' | 'opened'
  /** The newest last. */
  readonly epochs: readonly Epoch[]
  /** Each final batch after what it ran: visitors have the answer. */
  readonly acknowledged: readonly string[]
}

const WRITES: readonly Id[] = ['W', 'X']

export function verdict(rules: VerdictRules = verdictRules): Model<Verdict> {
  const begin = (isRight: boolean): Verdict => ({
    isRight,
    verdict: 'none',
    epochs: [{ number: 0, kept: [], rerun: [], disputed: true, log: ['F', 'P'], final: 0, over: 'no' }],
    acknowledged: [],
  })
  const acknowledgedBy = (before: readonly string[], { kept, log }: Epoch, final: number) => {
    const all = [...kept, ...log.slice(0, final)].map((_, at, list) => list.slice(0, at + 1).join(''))
    return [...new Set([...before, ...all.slice(kept.length)])].sort()
  }

  return {
    start: [begin(true), begin(false)],
    next(state, emit) {
      const { epochs, acknowledged, isRight } = state
      const last = epochs.length - 1
      for (const [at, epoch] of epochs.entries()) {
        if (epoch.over !== 'no') continue
        const word = `epoch ${epoch.number}`
        const put = (one: Partial<Epoch>, more: Partial<Verdict> = {}): Verdict => ({
          ...state,
          ...more,
          epochs: withAt(epochs, at, { ...epoch, ...one }),
        })
        const named = (final: number, one: Partial<Epoch> = {}) =>
          put({ ...one, final }, { acknowledged: acknowledgedBy(acknowledged, { ...epoch, ...one }, final) })
        // only of a right result can there be N matching reveals
        if (epoch.disputed && isRight && epoch.log[0] === 'F')
          emit(named(1, { disputed: false }), () => `${word}: N matching reveals of F lift the freeze`)
        const waits = epoch.disputed && (rules.disputedEpochWaits || at === 0)
        if (!waits) {
          const [again, ...rest] = epoch.disputed ? [] : epoch.rerun
          const ordered = epochs.flatMap((one) => [...one.kept, ...one.log, ...one.rerun])
          const fresh = WRITES.find((id) => !ordered.includes(id))
          if (again !== undefined) emit(put({ log: [...epoch.log, again], rerun: rest }), () => `${word} runs ${again} again`)
          else if (fresh !== undefined) emit(put({ log: [...epoch.log, fresh] }), () => `${word} certifies a write ${fresh}`)
          if (epoch.final < epoch.log.length)
            emit(named(epoch.log.length), () => `${word} names everything clear: ${epoch.log.slice(epoch.final).join(' ')} final`)
        }
        // one hand-over is enough; a closing batch decides what is not frozen, and what is passes over
        if (epoch.number === 0) {
          const final = epoch.disputed ? epoch.final : epoch.log.length
          const opened: Epoch = {
            number: 1,
            kept: [...epoch.kept, ...epoch.log.slice(0, final)],
            rerun: [...epoch.log.slice(final), ...epoch.rerun],
            disputed: epoch.disputed,
            log: [],
            final: 0,
            over: 'no',
          }
          const closed = named(final, { over: 'closed' })
          const opens = !epoch.disputed || !rules.frozenClosingOpensNothing
          emit(
            opens ? { ...closed, epochs: [...closed.epochs, opened] } : closed,
            () => `${word} is closed${epoch.disputed ? ', F undecided' : ''}${opens ? ', epoch 1 opens' : ''}`,
          )
        }
      }
      // a recovery: the members were asked to show before anyone had judged
      const newest = epochs[last] as Epoch
      if (!rules.showsWaitForVerdict && newest.number === 0 && newest.disputed && state.verdict === 'none') {
        const rerun = [...newest.log.slice(newest.final), ...newest.rerun]
        const kept = [...newest.kept, ...newest.log.slice(0, newest.final)]
        const opened: Epoch = { number: 1, kept, rerun, disputed: false, log: [], final: 0, over: 'no' }
        const shown = withAt(epochs, last, { ...newest, over: newest.over === 'no' ? 'shown' : newest.over })
        emit({ ...state, epochs: [...shown, opened] }, () => 'a block opens epoch 1 from shows, F undecided, to be run again')
      }
      if (state.verdict === 'none')
        emit({ ...state, verdict: 'fallen' }, () => (isRight ? 'the jury finds that F is right' : 'the jury finds that F is wrong'))
      if (state.verdict === 'fallen') {
        const of = rules.verdictOpensFromShows ? (epochs[last] as Epoch) : (begin(isRight).epochs[0] as Epoch)
        const final = [...of.kept, ...of.log.slice(0, of.final)]
        const later = [...of.log.slice(of.final), ...of.rerun].filter((id) => id !== 'F' || !of.disputed)
        const opened: Epoch = {
          number: of.number + 1,
          kept: of.disputed && isRight ? [...final, 'F'] : final,
          rerun: rules.laterBatchesAreRerun ? later : [],
          disputed: false,
          log: [],
          final: 0,
          over: 'no',
        }
        const shown = rules.verdictOpensFromShows ? withAt(epochs, last, { ...of, over: of.over === 'no' ? 'shown' : of.over }) : epochs
        // where it stands its answer does, after what it ran on
        const stands = of.disputed && isRight ? [[...of.kept, 'F'].join('')] : []
        const said = () =>
          `a block with the verdict opens epoch ${opened.number} after [${opened.kept.join(' ')}], [${opened.rerun.join(' ')}] to be run again`
        const next = [...new Set([...acknowledged, ...stands])].sort()
        emit({ ...state, verdict: 'opened', epochs: [...shown, opened], acknowledged: next }, said)
      }
    },
    key: (state) => JSON.stringify(state),
    broken({ epochs, acknowledged, verdict: fell }) {
      if (new Set(epochs.map((one) => one.number)).size < epochs.length) return 'two epochs of one number are opened'
      if (fell !== 'opened') return undefined
      const newest = epochs.at(-1) as Epoch
      const history = [...newest.kept, ...newest.log, ...newest.rerun].join('')
      const lost = acknowledged.find((one) => !history.startsWith(one))
      if (lost !== undefined) return 'a final step is lost, or ran after other steps than its answer says'
      // P was certified: it is still to be run, whatever became of F
      return history.includes('P') ? undefined : 'a later batch is dropped'
    },
  }
}
