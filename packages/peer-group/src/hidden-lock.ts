import { tellFault } from './accuse.js'
import type { Turn } from './group-state.js'
import type { Reveal, Timeout } from './messages.js'
import type { Opened } from './verifier.js'

/**
 * Whether a time-out hides what its sender revealed on, which is its lock (design §6): whoever reveals at a rank has seen the commit set of it, remembers the highest, names that in each time-out, and reveals nothing
 * at a rank that it gave up. So two certificates of one step, at two ranks, prove who made them possible, to whoever saw the time-outs between them.
 */
export const hidesLock = ({ rank, bound }: Pick<Timeout, 'rank' | 'bound'>, reveal: Pick<Reveal, 'rank'>): boolean =>
  rank >= reveal.rank && (bound?.rank ?? -1) < reveal.rank

/** Accuses those who signed both, among reveals and time-outs of one step. */
export function accuseHiders(t: Turn, reveals: Iterable<Opened<Reveal>>, timeouts: readonly Opened<Timeout>[]): void {
  for (const reveal of reveals) {
    const hiding = timeouts.find(({ seat, value }) => seat === reveal.seat && hidesLock(value, reveal.value))
    if (hiding !== undefined) tellFault(t, 'hidden-lock', reveal.seat, [reveal.envelope, hiding.envelope])
  }
}
