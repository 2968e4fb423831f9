import { setTimeout } from 'node:timers/promises'
import type { AccusationFinding } from '@interpeer/peer-group'
import type { AccusationCase } from '../network/accusations.js'
import { LONGEST_TIMER_MS } from './waker.js'

/**
 * The run of a case: it has half of the time that jurors have to answer, so that one that does not end leaves some for others. Of a batch nothing more is begun then.
 * Only its turns in the queue of runs count: what it waits for between them is this host's own business.
 */
export class Trial<R extends { readonly now: () => number; readonly signal: AbortSignal }> {
  /** Which ends with the trial. */
  readonly run: R
  readonly #times: Pick<AccusationCase, 'fetchUntilMs' | 'answerUntilMs'>
  /** A clock that is never set: one that jumps must not say of a run that it does not end. */
  readonly #nowMs: () => number
  readonly #stop = new AbortController()
  /** What its turns took that are over. */
  #ranMs = 0
  /** When the turn began that it has now. */
  #beganMs: number | undefined
  /** Aborted when a turn begins or is over. */
  #turned = new AbortController()

  /** @param run its `now` is network time, in which the case has its times */
  constructor(times: Pick<AccusationCase, 'fetchUntilMs' | 'answerUntilMs'>, run: R, nowMs: () => number = () => performance.now()) {
    this.#times = times
    this.#nowMs = nowMs
    this.run = { ...run, signal: AbortSignal.any([run.signal, this.#stop.signal]) }
  }

  /** Its turn has come: what it waits for from now on is its own run. */
  readonly onBegin = (): void => {
    this.#beganMs ??= this.#nowMs()
    this.#turn()
  }

  /** Its turn is over. Another may follow. */
  readonly onEnd = (): void => {
    if (this.#beganMs === undefined) return
    this.#ranMs += this.#nowMs() - this.#beganMs
    this.#beganMs = undefined
    this.#turn()
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

  #turn(): void {
    this.#turned.abort()
    this.#turned = new AbortController()
  }

  async #late(): Promise<AccusationFinding> {
    const { fetchUntilMs, answerUntilMs } = this.#times
    const { now, signal } = this.run
    for (;;) {
      const leftMs = (answerUntilMs - fetchUntilMs) / 2 - this.#ranMs
      const spentInMs = this.#beganMs === undefined ? Number.POSITIVE_INFINITY : this.#beganMs + leftMs - this.#nowMs()
      const answerInMs = answerUntilMs - now()
      const inMs = Math.min(spentInMs, answerInMs)
      if (signal.aborted) return 'undecided'
      if (inMs <= 0) return spentInMs > answerInMs ? 'undecided' : 'not-ended'
      const either = AbortSignal.any([signal, this.#turned.signal])
      await setTimeout(Math.min(LONGEST_TIMER_MS, inMs), undefined, { signal: either, ref: false }).catch(() => {})
    }
  }
}
