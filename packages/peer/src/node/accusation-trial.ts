import { setTimeout } from 'node:timers/promises'
import type { AccusationFinding } from '@interpeer/peer-group'
import type { AccusationCase } from '../network/accusations.js'
import { LONGEST_TIMER_MS } from './waker.js'

/** The run of a case: it has half of the time that jurors have to answer, so that one that does not end leaves some for others. Of a batch nothing more is begun then. */
export class Trial<R extends { readonly now: () => number; readonly signal: AbortSignal }> {
  /** Which ends with the trial. */
  readonly run: R
  readonly #times: Pick<AccusationCase, 'fetchUntilMs' | 'answerUntilMs'>
  readonly #stop = new AbortController()
  readonly #begun: Promise<void>
  #tell: () => void = () => {}
  #beganMs: number | undefined

  constructor(times: Pick<AccusationCase, 'fetchUntilMs' | 'answerUntilMs'>, run: R) {
    this.#times = times
    this.run = { ...run, signal: AbortSignal.any([run.signal, this.#stop.signal]) }
    this.#begun = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  /** Its turn has come: what it waits for from now on is its own run. */
  readonly onBegin = (): void => {
    this.#beganMs ??= this.run.now()
    this.#tell()
  }

  /** What it comes to in time. A run that had its time and does not end is at fault; one that began too late for that is not. */
  async inTime(finding: Promise<AccusationFinding>): Promise<AccusationFinding> {
    try {
      return await Promise.race([finding, this.#late()])
    } finally {
      finding.catch(() => {}) // nobody waits for it any more
      this.#stop.abort()
    }
  }

  async #late(): Promise<AccusationFinding> {
    const { fetchUntilMs, answerUntilMs } = this.#times
    const { now, signal } = this.run
    const wait = (untilMs: number) =>
      setTimeout(Math.min(LONGEST_TIMER_MS, Math.max(0, untilMs - now())), undefined, { signal, ref: false }).catch(() => {})
    await Promise.race([this.#begun, wait(answerUntilMs)])
    const untilMs = (this.#beganMs ?? answerUntilMs) + (answerUntilMs - fetchUntilMs) / 2
    await wait(Math.min(untilMs, answerUntilMs))
    return signal.aborted || untilMs > answerUntilMs ? 'undecided' : 'not-ended'
  }
}
