import type { Clock } from '../exchange/open-exchange.js'

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** This machine's time and timers. The time is counted from an unknown moment, and never set back. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, Math.min(ms, LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}
