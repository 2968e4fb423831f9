import type { JobLogEntry } from '@interpeer/peer'
import type { MemberLog } from '@interpeer/peer/node'

/** A run as one or more members tell it alike. */
export interface LogLine {
  readonly entry: JobLogEntry
  /** PeerIds, in the order of the members. */
  readonly members: readonly string[]
  /** Members that have a seat and answered. */
  readonly of: number
}

/** How often others are asked before a write is shown as only some members have it. */
const ROUNDS_HELD = 2
/** Lines that are remembered after they were shown, so that members who come late are not taken for another run. */
const SHOWN_MAX = 4_096

interface Waiting {
  readonly entry: JobLogEntry
  readonly members: Set<string>
  rounds: number
}

/**
 * What the members of a group logged, told once where they say the same: each of them runs each write. A read is run by one, or by those that were asked beside it as it was slow. Lines come in the order
 * of their times, round by round; those of members that come late come again, with these members only.
 */
export class MergedLogs {
  readonly #waiting = new Map<string, Waiting>()
  readonly #shown = new Map<string, Set<string>>()

  /** Takes what one round of asking brought, and gives the lines that need not wait for others. */
  add(round: readonly MemberLog[]): readonly LogLine[] {
    for (const waiting of this.#waiting.values()) waiting.rounds++
    for (const { peer, entries } of round) for (const entry of entries) this.#take(peer, entry)
    const answered = round.filter(({ isMember, failure }) => isMember && failure === undefined).map(({ peer }) => peer)
    const isDue = ({ entry, members, rounds }: Waiting) =>
      entry.ran !== 'write' || rounds >= ROUNDS_HELD || answered.every((peer) => members.has(peer))
    return this.#show(isDue, answered.length)
  }

  /** The lines that still wait. */
  rest(of: number): readonly LogLine[] {
    return this.#show(() => true, of)
  }

  #take(peer: string, entry: JobLogEntry): void {
    const key = keyOf(entry)
    if (this.#shown.get(key)?.has(peer)) return
    const waiting = this.#waiting.get(key) ?? { entry, members: new Set(), rounds: this.#shown.has(key) ? ROUNDS_HELD : 0 }
    waiting.members.add(peer)
    this.#waiting.set(key, waiting)
  }

  #show(isDue: (waiting: Waiting) => boolean, of: number): readonly LogLine[] {
    const lines: LogLine[] = []
    for (const [key, waiting] of this.#waiting) {
      if (!isDue(waiting)) continue
      this.#waiting.delete(key)
      lines.push({ entry: waiting.entry, members: [...waiting.members], of: Math.max(of, waiting.members.size) })
      this.#shown.set(key, new Set([...(this.#shown.get(key) ?? []), ...waiting.members]))
      if (this.#shown.size > SHOWN_MAX) this.#shown.delete(this.#shown.keys().next().value as string)
    }
    return lines.sort((a, b) => a.entry.timeMs - b.entry.timeMs || a.entry.number - b.entry.number)
  }
}

/** All that members should agree on: everything but the place in their own logs. */
function keyOf({ number, id, ...said }: JobLogEntry): string {
  return JSON.stringify([Buffer.from(id).toString('hex'), said])
}
