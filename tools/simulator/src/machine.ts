import { NodeClock } from './clock.js'
import { Disk, type DiskSettings, type Harm, NO_HARM } from './disk.js'
import { Processor, type Worked } from './processor.js'
import { Random } from './random.js'
import type { World } from './world.js'

export interface MachineSettings {
  readonly offsetMs?: number
  readonly driftPpm?: number
  readonly disk?: Partial<DiskSettings>
  readonly queueMax?: number
}
/** What runs on a machine. */
export interface Tenant {
  /** The power comes back, or a supervisor starts it: what is left is the disk. */
  readonly start: () => void
  /** It is gone, and what it had in memory with it. */
  readonly stop: () => void
}

/** One node: clock, disk, processor and dice of its own; it crashes and starts again. */
export class Machine {
  readonly index: number
  readonly clock: NodeClock
  readonly disk: Disk
  readonly processor: Processor
  readonly random: Random
  isUp = false
  crashes = 0
  /** What came while it was down, or found its queue full. */
  unheard = 0
  /** The next crash comes after so many more of its acts (`acts`). */
  dying: { left: number; readonly harm: Harm; readonly downMs: number | undefined } | undefined
  readonly #world: World
  readonly #tenants: Tenant[] = []
  #life = 0

  constructor(world: World, index: number, settings: MachineSettings = {}) {
    this.#world = world
    this.index = index
    this.clock = new NodeClock(world.nowMs, settings.offsetMs, settings.driftPpm)
    this.random = Random.named(world.seed, 2, index)
    this.disk = new Disk(world, Random.named(world.seed, 3, index), settings.disk)
    this.processor = new Processor(world, settings.queueMax)
  }

  /** What its clock reads. */
  get nowMs(): number {
    return this.clock.read(this.#world.nowMs)
  }

  /** Runs something on it, from now on and after every start. */
  host(tenant: Tenant): void {
    this.#tenants.push(tenant)
    if (this.isUp) tenant.start()
  }

  start(): void {
    if (this.isUp) return
    this.isUp = true
    this.#world.note(this.index, 'starts')
    for (const { start } of this.#tenants) start()
  }

  /** @param downMs it starts again so much later; undefined: only when somebody starts it */
  crash(harm: Harm = NO_HARM, downMs?: number): void {
    if (!this.isUp) return
    this.isUp = false
    this.dying = undefined
    this.crashes++
    this.#life++
    this.processor.crash()
    this.disk.crash(harm)
    this.#world.note(this.index, `crashes (${harm.keptPerMille} ‰ of its late writes kept${harm.torn ? ', one torn' : ''})`)
    for (const { stop } of this.#tenants) stop()
    if (downMs !== undefined) this.#world.after(downMs, () => this.start())
  }

  /** To be asked before each of its acts: false when it has just died instead. */
  acts(): boolean {
    if (this.isUp && this.dying !== undefined && this.dying.left-- <= 0) this.crash(this.dying.harm, this.dying.downMs)
    return this.isUp
  }

  /** Work that comes from outside or from a timer; lost while it is down. */
  work(work: () => Worked): void {
    if (!this.isUp || !this.processor.do(work)) this.unheard++
  }

  /** Later in this life, as timers count: they know nothing of a clock that is set. */
  later(ms: number, act: () => void): void {
    const life = this.#life
    this.#world.after(this.clock.waitMs(Math.max(0, ms)), () => {
      if (this.#life === life && this.isUp) act()
    })
  }
}
