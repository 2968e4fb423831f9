import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

/** Puts other functions in the place of node:timers/promises, for all who import it. Test files share a process: the returned function undoes it. */
export function replaceNodeTimers(others: Partial<typeof timers>): () => void {
  const own = { ...timers }
  const set = (functions: Partial<typeof timers>): void => {
    Object.assign(timers, functions)
    syncBuiltinESMExports()
  }
  set(others)
  return () => set(own)
}
