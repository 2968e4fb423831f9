/** One direction of a link. */
export interface LinkWeather {
  /** What every datagram takes, in ms. */
  readonly delayMs: number
  /** What it takes more, drawn anew for each: 0 to this, in ms. Datagrams then overtake each other. */
  readonly jitterMs: number
  /** The share that is lost: 0 to 1. */
  readonly loss: number
  /** What gets through, in bytes a second; infinite: no limit. What is more waits in a queue. */
  readonly bytesPerSecond: number
  /** What that queue holds; what does not fit is dropped. */
  readonly queueBytes: number
}
export const CALM: LinkWeather = { delayMs: 0, jitterMs: 0, loss: 0, bytesPerSecond: Number.POSITIVE_INFINITY, queueBytes: 256 * 1024 }

export type Fate = 'cut' | 'lost' | 'overflowed' | { readonly atMs: number }

interface Link {
  weather: LinkWeather
  isCut: boolean
  /** Until when nothing gets through, though nothing is lost. */
  cloggedUntilMs: number
  /** When the last byte of the queue will have left. */
  freeAtMs: number
}

/**
 * What happens to a datagram between two parties, each direction by itself. No clock: times come in, in ms. `dice` gives 0 ≤ x < 1.
 */
export class Weather {
  readonly #links = new Map<string, Link>()
  readonly #dice: () => number

  constructor(dice: () => number) {
    this.#dice = dice
  }

  shape(from: string, to: string, change: Partial<LinkWeather>): void {
    const link = this.#link(from, to)
    link.weather = { ...link.weather, ...change }
  }

  cut(from: string, to: string): void {
    this.#link(from, to).isCut = true
  }

  clog(from: string, to: string, untilMs: number): void {
    this.#link(from, to).cloggedUntilMs = untilMs
  }

  /** Ends every cut. */
  heal(): void {
    for (const link of this.#links.values()) link.isCut = false
  }

  /** As it was at the start. */
  calm(): void {
    this.#links.clear()
  }

  fate(from: string, to: string, bytes: number, nowMs: number): Fate {
    const link = this.#links.get(keyOf(from, to))
    if (link === undefined) return { atMs: nowMs }
    const { delayMs, jitterMs, loss, bytesPerSecond, queueBytes } = link.weather
    if (link.isCut) return 'cut'
    if (loss > 0 && this.#dice() < loss) return 'lost'
    const laterMs = delayMs + (jitterMs > 0 ? this.#dice() * jitterMs : 0)
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return { atMs: nowMs + laterMs }
    const queuedMs = Math.max(0, link.freeAtMs - nowMs)
    if (queuedMs > 0 && (queuedMs / 1000) * bytesPerSecond + bytes > queueBytes) return 'overflowed'
    link.freeAtMs = nowMs + queuedMs + (bytes / bytesPerSecond) * 1000
    return { atMs: link.freeAtMs + laterMs }
  }

  /** For a datagram whose time has come: a cut takes what is under way too, a clog holds it up. */
  onArrival(from: string, to: string, nowMs: number): 'cut' | { readonly atMs: number } {
    const link = this.#links.get(keyOf(from, to))
    if (link?.isCut) return 'cut'
    return { atMs: Math.max(nowMs, link?.cloggedUntilMs ?? 0) }
  }

  #link(from: string, to: string): Link {
    const key = keyOf(from, to)
    const known = this.#links.get(key)
    if (known !== undefined) return known
    const link = { weather: CALM, isCut: false, cloggedUntilMs: 0, freeAtMs: 0 }
    this.#links.set(key, link)
    return link
  }
}

const keyOf = (from: string, to: string): string => `${from} ${to}`
