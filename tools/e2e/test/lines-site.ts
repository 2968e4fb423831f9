import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type Running, until } from './running-network.js'

export const LINES = fileURLToPath(new URL('../sites/lines', import.meta.url))

/** What one member shows. */
export interface Shown {
  readonly status: number
  readonly lines: readonly string[]
  readonly epoch: number
  readonly step: number
}
/** When a line was sent and acknowledged, counted in such moments of all lines. */
export interface Sent {
  readonly sentAt: number
  acknowledgedAt: number
}
const NEVER = Number.POSITIVE_INFINITY
/** A gateway waits for some twenty seconds for one try, and a group may be frozen meanwhile. */
const ACKNOWLEDGED_MS = 120_000

/** What is wrong with a list of lines, given what was sent. A line may be missing unless it was acknowledged and `isWhole` asks for all of those. */
export function faultsOf(lines: readonly string[], sent: ReadonlyMap<string, Sent>, isWhole: boolean): string[] {
  const faults: string[] = []
  for (const [i, line] of lines.entries()) {
    if (!sent.has(line)) faults.push(`${line} was never sent`)
    if (lines.indexOf(line) !== i) faults.push(`${line} is there twice`)
  }
  let acknowledgedBehind = NEVER
  for (const line of [...lines].reverse()) {
    const { sentAt, acknowledgedAt } = sent.get(line) ?? { sentAt: 0, acknowledgedAt: NEVER }
    if (acknowledgedBehind < sentAt) faults.push(`${line} stands before one that was acknowledged before it was sent`)
    acknowledgedBehind = Math.min(acknowledgedBehind, acknowledgedAt)
  }
  if (!isWhole) return faults
  const lost = [...sent].filter(([line, { acknowledgedAt }]) => acknowledgedAt !== NEVER && !lines.includes(line))
  return [...faults, ...lost.map(([line]) => `${line} was acknowledged and is not there`)]
}

/** Adds lines to `sites/lines` and remembers which were acknowledged: whatever becomes of the network, the list must agree with that. */
export class Lines {
  readonly #running: Running
  readonly #sent = new Map<string, Sent>()
  #moments = 0

  constructor(running: Running) {
    this.#running = running
  }

  /**
   * Whether the line was acknowledged; if not it may be there nevertheless, once. Each line may be added once. A hundred thousand `rounds` keep each
   * member busy for about half a second; each stores `bodyBytes` more.
   */
  async add(line: string, { rounds = 0, bodyBytes = 0 } = {}): Promise<boolean> {
    expect(this.#sent.has(line)).toBe(false)
    const entry: Sent = { sentAt: this.#moments++, acknowledgedAt: NEVER }
    this.#sent.set(line, entry)
    const answer = await this.#running.network
      .fetch(`/?add=${line}&rounds=${rounds}`, { method: 'POST', body: new Uint8Array(bodyBytes) })
      .catch(() => undefined)
    if (answer?.status !== 200) return false
    expect(answer.body.toString()).toBe(`added ${line}`)
    entry.acknowledgedAt = this.#moments++
    return true
  }

  /** Adds lines until one is acknowledged: that one. */
  async addUntilAcknowledged(stem: string, { bodyBytes = 0 } = {}): Promise<string> {
    let tries = 0
    await until(`a line ${stem} is acknowledged`, () => this.add(`${stem}-${tries++}`, { bodyBytes }), ACKNOWLEDGED_MS)
    return `${stem}-${tries - 1}`
  }

  async shownBy(member: string): Promise<Shown> {
    const { status, headers, body } = await this.#running.network.fetch('/', { headers: { 'interpeer-peer': member } })
    const [epoch = 0, step = 0] = String(headers['interpeer-step']).split('/').map(Number)
    return { status, lines: status === 200 ? body.toString().split('\n').filter(Boolean) : [], epoch, step }
  }

  /** All these members come to show one list, with each acknowledged line once, no line twice, and all in an order that fits what was acknowledged when. */
  async expectWholeAt(members: readonly string[]): Promise<void> {
    let lists: readonly (readonly string[])[] = []
    const areAlike = async () => {
      const shown = await Promise.all(members.map((member) => this.shownBy(member)))
      lists = shown.map(({ lines }) => lines)
      return shown.every(({ status, lines }) => status === 200 && `${lines}` === `${lists[0]}`)
    }
    const isWhole = async () => (await areAlike()) && faultsOf(lists[0] ?? [], this.#sent, true).length === 0
    await until('all members show the same lines', isWhole).catch(() => {})
    // what is still wrong is told in words
    expect(lists.map((lines) => faultsOf(lines, this.#sent, true))).toEqual(members.map(() => []))
    expect(new Set(lists.map(String)).size).toBe(1)
  }
}
