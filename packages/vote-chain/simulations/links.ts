import { Random, type World } from '@interpeer/simulator'

const [LEAST_MS, MOST_MS] = [40, 280]
const LOST_PER_MILLE = 5

/** What each peer sent: messages, their bytes, and to how many others. */
export interface Sent {
  readonly messages: Float64Array
  readonly bytes: Float64Array
}

/** Links between very many nodes: each pair has a delay of its own, from 40 to 280 ms one way, and five of 1,000 messages are lost. Counts what each sends. */
export class Links {
  sent: Sent
  readonly #world: World
  readonly #count: number
  readonly #dice: Random

  constructor(world: World, count: number) {
    this.#world = world
    this.#count = count
    this.#dice = Random.named(world.seed, 40)
    this.sent = this.#none()
  }

  post(from: number, to: number, bytes: Uint8Array, deliver: () => void): void {
    const { messages, bytes: sizes } = this.sent
    messages[from] = (messages[from] as number) + 1
    sizes[from] = (sizes[from] as number) + bytes.length
    if (!this.#dice.chance(LOST_PER_MILLE)) this.#world.after(this.#delayMs(from, to), deliver)
  }
  /** What was sent until now; counting begins anew. */
  take(): Sent {
    const { sent } = this
    this.sent = this.#none()
    return sent
  }
  #delayMs(a: number, b: number): number {
    const [low, high] = a < b ? [a, b] : [b, a]
    let mixed = (Math.imul(low + 1, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca77) ^ this.#world.seed) >>> 0
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0
    mixed = (mixed ^ (mixed >>> 13)) >>> 0
    return LEAST_MS + (mixed % (MOST_MS - LEAST_MS + 1))
  }
  #none(): Sent {
    return { messages: new Float64Array(this.#count), bytes: new Float64Array(this.#count) }
  }
}

/** The smallest value that at least `per100` of 100 do not exceed. */
export function nearestRank(values: Iterable<number>, per100: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil((per100 / 100) * sorted.length) - 1)] ?? 0
}
