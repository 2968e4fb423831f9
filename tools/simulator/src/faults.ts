import type { Harm } from './disk.js'
import type { Machine } from './machine.js'
import type { Weather } from './network.js'
import type { World } from './world.js'

/** One fault, at a time counted from the world's start. JSON, so that a plan can be kept and replayed. */
export type Fault = {
  readonly atMs: number
} /** Some machines die, after so many more of their acts, and start again `downMs` after that; undefined: when somebody starts them. */ & (
  | ({ readonly type: 'crash'; readonly nodes: readonly number[]; readonly afterActs: number; readonly downMs?: number } & Harm)
  /** The same, `afterMs` after the `nth` message of a kind has been sent; then each is alone for `aloneMs`. */
  | ({
      readonly type: 'ambush'
      readonly kind: number | string
      readonly nth: number
      readonly nodes: readonly number[]
      readonly afterMs: number
      readonly afterActs: number
      readonly downMs: number
      readonly aloneMs: number
    } & Harm)
  /** No message passes from any of `from` to any of `to`: one direction only. */
  | { readonly type: 'cut'; readonly forMs: number; readonly from: readonly number[]; readonly to: readonly number[] }
  /** The two sides do not hear each other. */
  | { readonly type: 'partition'; readonly forMs: number; readonly side: readonly number[] }
  | {
      readonly type: 'clog'
      readonly forMs: number
      readonly from?: readonly number[]
      readonly to?: readonly number[]
      readonly bytesPerMs: number
    }
  | { readonly type: 'weather'; readonly forMs: number; readonly weather: Partial<Weather> }
  | { readonly type: 'hunt'; readonly forMs: number; readonly kinds: readonly (number | string)[]; readonly lossPerMille: number }
  | { readonly type: 'jump'; readonly node: number; readonly ms: number }
  | { readonly type: 'drift'; readonly node: number; readonly ppm: number }
  | { readonly type: 'stall'; readonly forMs: number; readonly node: number }
  | { readonly type: 'slow'; readonly forMs: number; readonly node: number; readonly times: number }
  | { readonly type: 'full'; readonly forMs: number; readonly node: number }
  /** The `nth` block on that disk (counted round) can't be read any more. */
  | { readonly type: 'spoil'; readonly node: number; readonly nth: number }
)
export type FaultType = Fault['type']
export const FAULT_TYPES: ReadonlySet<string> = new Set<FaultType>([
  'crash',
  'ambush',
  'cut',
  'partition',
  'clog',
  'weather',
  'hunt',
  'jump',
  'drift',
  'stall',
  'slow',
  'full',
  'spoil',
])

/** Whether an event of a plan is a fault of the world; others are the scenario's own. */
export const isFault = (event: { readonly type: string }): event is Fault => FAULT_TYPES.has(event.type)

/** Plans all faults. The machines that they name must be there when they happen: those of others do nothing. */
export function planFaults(world: World, faults: readonly Fault[]): void {
  for (const fault of faults) {
    world.at(world.startMs + fault.atMs, () => {
      world.note(undefined, `fault: ${describe(fault)}`)
      const end = begin(world, fault)
      if (end !== undefined && 'forMs' in fault) world.after(fault.forMs, end)
    })
  }
}

/** How a fault that lasts ends. */
function begin(world: World, fault: Fault): (() => void) | undefined {
  const { network } = world
  const machine = 'node' in fault ? world.machines[fault.node] : undefined
  switch (fault.type) {
    case 'crash':
      for (const node of fault.nodes) die(world.machines[node], fault)
      return undefined
    case 'ambush':
      lieInWait(world, fault)
      return undefined
    case 'cut':
      return mending(world, [network.cut(fault)])
    case 'partition':
      return isolate(world, fault.side)
    case 'clog': {
      const clog = network.clog(fault, fault.bytesPerMs)
      return () => network.unclog(clog)
    }
    case 'weather': {
      const spell = network.spell(fault.weather)
      return () => network.clear(spell)
    }
    case 'hunt': {
      const hunt = network.hunt(fault.kinds, fault.lossPerMille)
      return () => network.spare(hunt)
    }
    case 'jump':
      machine?.clock.jump(world.nowMs, fault.ms)
      return undefined
    case 'drift':
      machine?.clock.drift(world.nowMs, fault.ppm)
      return undefined
    case 'stall':
      machine?.processor.stall(fault.forMs)
      return undefined
    case 'slow': {
      const setTo = (times: number) => {
        if (machine !== undefined) machine.processor.slowness = times
      }
      setTo(fault.times)
      return () => setTo(1)
    }
    case 'full': {
      const setTo = (isFull: boolean) => {
        if (machine !== undefined) machine.disk.isFull = isFull
      }
      setTo(true)
      return () => setTo(false)
    }
    case 'spoil': {
      const names = machine?.disk.blocks() ?? []
      const name = names[fault.nth % names.length]
      if (name !== undefined) machine?.disk.spoil(name)
      return undefined
    }
  }
}

/** Cuts a side off from all others, both ways. */
function isolate(world: World, side: readonly number[]): () => void {
  const rest = world.machines.map(({ index }) => index).filter((index) => !side.includes(index))
  return mending(world, [world.network.cut({ from: side, to: rest }), world.network.cut({ from: rest, to: side })])
}

const mending =
  ({ network }: World, cuts: readonly number[]) =>
  (): void => {
    for (const cut of cuts) network.mend(cut)
  }

type Dying = Harm & { readonly afterActs: number; readonly downMs?: number }
function die(machine: Machine | undefined, { afterActs, downMs, keptPerMille, torn }: Dying): void {
  if (machine === undefined) return
  const harm = { keptPerMille, torn }
  if (afterActs <= 0) machine.crash(harm, downMs)
  else machine.dying ??= { left: afterActs, harm, downMs }
}

function lieInWait(world: World, fault: Fault & { readonly type: 'ambush' }): void {
  let left = fault.nth
  const { heals } = world
  const watch = (_: number, __: number, { kind }: { readonly kind?: number | string }, fate: string): void => {
    if (left <= 0 || world.heals !== heals || fate !== 'sent' || kind !== fault.kind || --left > 0) return
    world.after(fault.afterMs, () => {
      for (const node of fault.nodes) die(world.machines[node], fault)
      if (fault.aloneMs <= 0) return
      for (const node of fault.nodes) world.after(fault.aloneMs, isolate(world, [node]))
    })
  }
  world.network.watchers.push(watch)
}

function describe({ atMs: _, ...fault }: Fault): string {
  return JSON.stringify(fault)
}
