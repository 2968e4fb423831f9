import { Machine, type MachineSettings } from './machine.js'
import { CALM, type Letter, Network, type Weather } from './network.js'
import { Random } from './random.js'
import { Schedule } from './schedule.js'
import type { Trace } from './trace.js'

export interface WorldSettings extends Partial<Weather> {
  readonly seed: number
  readonly startMs?: number
  /** Undefined: nothing is written down, which is faster. */
  readonly trace?: Trace | undefined
}

/**
 * Owns the clock, the network, the machines and the dice of a simulation. What happens next is always the planned act with the lowest time, and of those
 * the one planned first, so that a seed replays a run exactly. After `heal` everything works again.
 */
export class World {
  readonly random: Random
  readonly seed: number
  readonly startMs: number
  readonly network: Network
  readonly machines: Machine[] = []
  readonly trace: Trace | undefined
  nowMs: number
  /** How often it was healed: faults that lay in wait then are over. */
  heals = 0
  /** How many acts were run. */
  acts = 0
  readonly #schedule = new Schedule()

  constructor({ seed, startMs = 0, trace, ...weather }: WorldSettings) {
    this.seed = seed
    this.startMs = startMs
    this.random = new Random(seed)
    this.nowMs = startMs
    this.trace = trace
    this.network = new Network(this, seed, { ...CALM, ...weather })
    if (trace === undefined) return
    trace.begin(startMs)
    this.network.watchers.push((from, to, { say, kind }, fate) => {
      this.note(from, `${fate} → ${to}: ${say?.() ?? kind ?? 'a message'}`)
    })
  }

  get sent(): number {
    return this.network.sent
  }
  get lost(): number {
    return this.network.lost
  }

  /** A line of the trace, if one is kept. @param who a node, or undefined for the world */
  note(who: number | undefined, what: string): void {
    this.trace?.note(this.nowMs, who, what)
  }

  /** A node with clock, disk and processor of its own; its number is the next one. Not started yet. */
  machine(settings?: MachineSettings): Machine {
    const machine = new Machine(this, this.machines.length, settings)
    this.machines.push(machine)
    return machine
  }

  /** Plans an act; a time in the past means now. */
  at(atMs: number, act: () => void): void {
    this.#schedule.add(Math.max(atMs, this.nowMs), act)
  }

  after(ms: number, act: () => void): void {
    this.at(this.nowMs + ms, act)
  }

  /** Hands something from one node to another, as the network of this world does. */
  post(from: number, to: number, deliver: () => void, letter?: Letter): void {
    this.network.post(from, to, deliver, letter)
  }

  /** Nodes with different numbers in `sides` do not hear each other until `heal` or the next partition. */
  partition(sides: ReadonlyMap<number, number> | undefined): void {
    this.network.partition(sides)
  }

  /** How the network behaves from now on. */
  weather(weather: Partial<Weather>): void {
    this.network.change(weather)
  }

  /** Ends every fault of network, disks and processors; delays shrink to `delayMsMax`. Crashed machines stay down until somebody starts them. */
  heal(delayMsMax: number = this.network.weather.delayMsMax): void {
    this.heals++
    this.network.heal({ delayMsMax })
    for (const machine of this.machines) {
      machine.dying = undefined
      machine.disk.isFull = false
      machine.processor.slowness = 1
    }
  }

  /** Runs until nothing is planned, `done` says so, or the clock or the number of acts passes its limit. */
  run({
    untilMs = Number.POSITIVE_INFINITY,
    actsMax = 1_000_000,
    done,
  }: {
    readonly untilMs?: number
    readonly actsMax?: number
    readonly done?: () => boolean
  } = {}): void {
    for (let left = actsMax; left > 0; left--) {
      const { nextMs } = this.#schedule
      if (nextMs === undefined || nextMs > untilMs || done?.() === true) break
      const next = this.#schedule.take() as { readonly atMs: number; readonly act: () => void }
      this.nowMs = next.atMs
      this.acts++
      next.act()
    }
  }
}
