import type { Harm } from './disk.js'
import type { Fault } from './faults.js'
import type { Random } from './random.js'

/** How often what may happen: each number is the most of that fault in one plan. */
export interface Storm {
  /** The machines, by their numbers. */
  readonly nodes: readonly number[]
  readonly forMs: number
  readonly crashes?: number
  readonly powerCuts?: number
  /** Crashes and isolation right after messages of these kinds. */
  readonly ambushes?: { readonly most: number; readonly kinds: readonly (number | string)[]; readonly aloneMsMax: number }
  readonly cuts?: number
  readonly partitions?: number
  readonly clogs?: number
  readonly hunts?: { readonly most: number; readonly kinds: readonly (number | string)[] }
  readonly jumps?: { readonly most: number; readonly msMax: number }
  readonly stalls?: number
  readonly slows?: number
  readonly fulls?: number
  readonly spoils?: number
}

/** Draws the faults of a storm: all that goes wrong by itself in a run, so that the run can be replayed without some of it. In the order of their times. */
export function drawStorm(random: Random, storm: Storm): readonly Fault[] {
  const { nodes, forMs } = storm
  const faults: Fault[] = []
  const times = (most: number | undefined, make: (atMs: number) => Fault): void => {
    for (let left = most === undefined ? 0 : random.below(most + 1); left > 0; left--) faults.push(make(random.below(forMs)))
  }
  const node = () => random.pick(nodes)
  const some = () => nodes.filter(() => random.chance(500))
  const lasts = () => random.between(1, Math.max(1, Math.floor(forMs / 3)))
  const harm = (): Harm => ({ keptPerMille: random.pick([0, 0, 300, 700, 1_000]), torn: random.chance(300) })
  const downMs = () => random.pick([1, 50, 500, 1_500, 3_000])
  const died = (who: readonly number[], afterActs: number) => ({ nodes: who, afterActs, downMs: downMs(), ...harm() })

  times(storm.crashes, (atMs) => ({ type: 'crash', atMs, ...died([node()], random.below(12)) }))
  times(storm.powerCuts, (atMs) => ({ type: 'crash', atMs, ...died(nodes, random.below(6)) }))
  const { ambushes, hunts, jumps } = storm
  times(ambushes?.most, (atMs) => ({
    type: 'ambush',
    atMs,
    kind: random.pick(ambushes?.kinds ?? []),
    nth: random.between(1, 2 * nodes.length),
    afterMs: random.pick([0, 0, 1, 5, 50, 300]),
    aloneMs: random.chance(500) ? 0 : random.between(1, ambushes?.aloneMsMax ?? 1),
    ...died(random.chance(700) ? nodes : [node()], random.below(3)),
  }))
  times(storm.cuts, (atMs) => ({ type: 'cut', atMs, forMs: lasts(), from: some(), to: some() }))
  times(storm.partitions, (atMs) => ({ type: 'partition', atMs, forMs: lasts(), side: some() }))
  times(storm.clogs, (atMs) => {
    const [one, inward] = [[node()], random.chance(500)]
    return { type: 'clog', atMs, forMs: lasts(), ...(inward ? { to: one } : { from: one }), bytesPerMs: random.pick([0, 1, 10]) }
  })
  times(hunts?.most, (atMs) => ({
    type: 'hunt',
    atMs,
    forMs: random.between(1, forMs),
    kinds: [random.pick(hunts?.kinds ?? []), random.pick(hunts?.kinds ?? [])],
    lossPerMille: random.pick([500, 850, 1_000]),
  }))
  times(jumps?.most, (atMs) => ({ type: 'jump', atMs, node: node(), ms: random.between(-(jumps?.msMax ?? 0), jumps?.msMax ?? 0) }))
  times(storm.stalls, (atMs) => ({ type: 'stall', atMs, forMs: lasts(), node: node() }))
  times(storm.slows, (atMs) => ({ type: 'slow', atMs, forMs: lasts(), node: node(), times: random.pick([3, 10, 40]) }))
  times(storm.fulls, (atMs) => ({ type: 'full', atMs, forMs: lasts(), node: node() }))
  times(storm.spoils, (atMs) => ({ type: 'spoil', atMs, node: node(), nth: random.below(1_000) }))
  return faults.sort((a, b) => a.atMs - b.atMs)
}
