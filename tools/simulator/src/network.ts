import type { ProcessorWorld } from './processor.js'
import { Random } from './random.js'
import { Traffic } from './traffic.js'

export interface Weather {
  readonly lossPerMille: number
  readonly repeatPerMille: number
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** So many of 1,000 messages are overtaken: they come up to `lateMsMax` later still. */
  readonly latePerMille: number
  readonly lateMsMax: number
}
export const CALM: Weather = { lossPerMille: 0, repeatPerMille: 0, delayMsMin: 1, delayMsMax: 1, latePerMille: 0, lateMsMax: 0 }

/** From any of `from` to any of `to`; undefined: all nodes. */
export interface Links {
  readonly from?: readonly number[] | undefined
  readonly to?: readonly number[] | undefined
}
/** What a message is, for those who count, hunt or read the trace. */
export interface Letter {
  readonly kind?: number | string
  readonly bytes?: Uint8Array
  readonly say?: () => string
}
/** What became of a message: what a trace says. */
export type Fate = 'sent' | 'sent again' | 'lost' | 'cut' | 'hunted' | 'repeated' | 'clogged' | 'overflowed'

interface Clog {
  readonly links: Links
  /** 0: nothing passes until it is released. */
  readonly bytesPerMs: number
  readonly waiting: { readonly size: number; readonly go: () => void }[]
  draining: boolean
}
const CLOG_MAX = 10_000
const LETTER_BYTES = 100

/**
 * The network between nodes, which are numbers. Messages are lost, repeated, delayed and thereby reordered; links are cut, one way or both; messages queue
 * where a link or node is clogged; those of some kinds are hunted. A message under way when a link is cut still arrives. Each directed link has dice of its own.
 */
export class Network {
  readonly traffic = new Traffic()
  sent = 0
  lost = 0
  repeated = 0
  readonly #world: ProcessorWorld
  readonly #seed: number
  readonly #dice = new Map<number, Random>()
  #weather: Weather
  #sides: ReadonlyMap<number, number> | undefined
  #next = 0
  readonly #cuts = new Map<number, Links>()
  readonly #clogs = new Map<number, Clog>()
  readonly #spells = new Map<number, Partial<Weather>>()
  readonly #hunts = new Map<number, { readonly kinds: ReadonlySet<number | string>; readonly lossPerMille: number }>()
  /** Told of all that becomes of messages. */
  readonly watchers: ((from: number, to: number, letter: Letter, fate: Fate) => void)[] = []

  constructor(world: ProcessorWorld, seed: number, weather: Weather) {
    this.#world = world
    this.#seed = seed
    this.#weather = weather
  }

  /** The usual weather, and over it each spell of another one. */
  get weather(): Weather {
    return fitting(Object.assign({}, this.#weather, ...this.#spells.values()))
  }
  change(weather: Partial<Weather>): void {
    this.#weather = fitting({ ...this.#weather, ...weather })
  }
  /** Until `clear`: other weather. */
  spell(weather: Partial<Weather>): number {
    this.#spells.set(this.#next, weather)
    return this.#next++
  }
  clear(spell: number): void {
    this.#spells.delete(spell)
  }

  post(from: number, to: number, deliver: () => void, letter: Letter = {}): void {
    const again = letter.bytes !== undefined && letter.kind !== undefined && this.traffic.count(from, to, letter.kind, letter.bytes)
    this.#tell(from, to, letter, again ? 'sent again' : 'sent')
    const dice = this.#diceOf(from, to)
    const { lossPerMille, repeatPerMille, delayMsMin, delayMsMax, latePerMille, lateMsMax } =
      this.#spells.size === 0 ? this.#weather : this.weather
    const copies = dice.chance(repeatPerMille) ? 2 : 1
    if (copies > 1) {
      this.repeated++
      this.#tell(from, to, letter, 'repeated')
    }
    for (let copy = 0; copy < copies; copy++) {
      this.sent++
      const isLost = dice.chance(lossPerMille)
      const delayMs = dice.between(delayMsMin, delayMsMax) + (dice.chance(latePerMille) ? dice.between(0, lateMsMax) : 0)
      const isHunted = this.#hunted(dice, letter)
      const fate = isLost ? 'lost' : this.#isCut(from, to) ? 'cut' : isHunted ? 'hunted' : undefined
      if (fate !== undefined) this.#lose(from, to, letter, fate)
      else this.#pass(from, to, letter, () => this.#world.after(delayMs, deliver))
    }
  }

  /** Until `mend`: nothing passes these links, in this direction. */
  cut(links: Links): number {
    this.#cuts.set(this.#next, links)
    return this.#next++
  }
  mend(cut: number): void {
    this.#cuts.delete(cut)
  }
  /** Nodes with different numbers do not hear each other until the next call. */
  partition(sides: ReadonlyMap<number, number> | undefined): void {
    this.#sides = sides
  }

  /** Until `unclog`: messages queue, and pass one after another at this pace; then what is left passes at once, in order. */
  clog(links: Links, bytesPerMs: number): number {
    this.#clogs.set(this.#next, { links, bytesPerMs, waiting: [], draining: false })
    return this.#next++
  }
  unclog(id: number): void {
    const clog = this.#clogs.get(id)
    this.#clogs.delete(id)
    for (const { go } of clog?.waiting.splice(0) ?? []) go()
  }

  /** Until `spare`: so many of 1,000 messages of these kinds vanish. */
  hunt(kinds: readonly (number | string)[], lossPerMille: number): number {
    this.#hunts.set(this.#next, { kinds: new Set(kinds), lossPerMille })
    return this.#next++
  }
  spare(id: number): void {
    this.#hunts.delete(id)
  }

  /** Everything passes again. */
  heal(weather: Partial<Weather>): void {
    this.#sides = undefined
    this.#cuts.clear()
    this.#hunts.clear()
    this.#spells.clear()
    for (const id of [...this.#clogs.keys()]) this.unclog(id)
    this.change({ lossPerMille: 0, repeatPerMille: 0, latePerMille: 0, ...weather })
  }

  #isCut(from: number, to: number): boolean {
    if (this.#sides !== undefined && this.#sides.get(from) !== this.#sides.get(to)) return true
    for (const links of this.#cuts.values()) if (joins(links, from, to)) return true
    return false
  }

  #hunted(dice: Random, { kind }: Letter): boolean {
    let hunted = false
    for (const { kinds, lossPerMille } of this.#hunts.values()) {
      if (kind !== undefined && kinds.has(kind) && dice.chance(lossPerMille)) hunted = true
    }
    return hunted
  }

  #pass(from: number, to: number, letter: Letter, go: () => void): void {
    for (const clog of this.#clogs.values()) {
      if (!joins(clog.links, from, to)) continue
      if (clog.waiting.length >= CLOG_MAX) this.#lose(from, to, letter, 'overflowed')
      else {
        this.#tell(from, to, letter, 'clogged')
        clog.waiting.push({ size: letter.bytes?.length ?? LETTER_BYTES, go })
        this.#drain(clog)
      }
      return
    }
    go()
  }

  #drain(clog: Clog): void {
    const next = clog.waiting[0]
    if (clog.draining || next === undefined || clog.bytesPerMs <= 0) return
    clog.draining = true
    this.#world.after(Math.ceil(next.size / clog.bytesPerMs), () => {
      clog.draining = false
      clog.waiting.shift()?.go()
      this.#drain(clog)
    })
  }

  #lose(from: number, to: number, letter: Letter, fate: Fate): void {
    this.lost++
    this.#tell(from, to, letter, fate)
  }
  #tell(from: number, to: number, letter: Letter, fate: Fate): void {
    for (const watch of this.watchers) watch(from, to, letter, fate)
  }
  #diceOf(from: number, to: number): Random {
    const link = from * 65_536 + to
    let dice = this.#dice.get(link)
    if (dice === undefined) {
      dice = Random.named(this.#seed, 1, from, to)
      this.#dice.set(link, dice)
    }
    return dice
  }
}

const joins = ({ from, to }: Links, a: number, b: number): boolean => (from?.includes(a) ?? true) && (to?.includes(b) ?? true)
const fitting = (weather: Weather): Weather => ({ ...weather, delayMsMax: Math.max(weather.delayMsMin, weather.delayMsMax) })
