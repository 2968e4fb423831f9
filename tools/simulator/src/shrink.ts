/**
 * The shortest plan found that still fails (delta debugging: Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): no single
 * event of it can be left out, unless `runsMax` ran out. Then what lasts is shortened, event by event, while it still fails.
 * @param fails whether a run with these events fails in the way that is looked for; the whole plan is taken to
 */
export function shrinkPlan<E extends object>(
  plan: readonly E[],
  fails: (events: readonly E[]) => boolean,
  runsMax = 500,
): { readonly plan: readonly E[]; readonly runs: number; readonly isMinimal: boolean } {
  let runs = 0
  const stillFails = (events: readonly E[]): boolean => {
    if (runs >= runsMax) return false
    runs++
    return fails(events)
  }
  let events = plan
  if (events.length > 0 && stillFails([])) return { plan: [], runs, isMinimal: true }
  let parts = Math.min(2, events.length)
  while (events.length >= 2 && runs < runsMax) {
    const chunks = chunksOf(events, parts)
    const alone = chunks.find((chunk) => chunks.length > 1 && stillFails(chunk))
    if (alone !== undefined) {
      events = alone
      parts = Math.min(2, events.length)
      continue
    }
    const without = chunks.map((chunk) => events.filter((event) => !chunk.includes(event))).find((rest) => parts > 2 && stillFails(rest))
    if (without !== undefined) {
      events = without
      parts = Math.min(Math.max(parts - 1, 2), events.length)
    } else if (parts >= events.length) break
    else parts = Math.min(2 * parts, events.length)
  }
  const isMinimal = runs < runsMax
  for (const [i, event] of events.entries()) {
    let shortened = event
    for (let shorter = shorten(shortened); shorter !== undefined; shorter = shorten(shortened)) {
      if (!stillFails(events.with(i, shorter))) break
      shortened = shorter
    }
    events = events.with(i, shortened)
  }
  return { plan: events, runs, isMinimal }
}

function chunksOf<E>(events: readonly E[], parts: number): readonly (readonly E[])[] {
  return Array.from({ length: parts }, (_, i) =>
    events.slice(Math.floor((i * events.length) / parts), Math.floor(((i + 1) * events.length) / parts)),
  )
}

/** Half as long, where an event lasts. */
function shorten<E extends object>(event: E): E | undefined {
  const { forMs } = event as { readonly forMs?: unknown }
  return typeof forMs === 'number' && forMs > 1 ? { ...event, forMs: Math.floor(forMs / 2) } : undefined
}
