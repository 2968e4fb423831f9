import { sameBytes, utf8Length } from '@interpeer/wire-codec'
import { isComplaint, type LoggedRun } from './logged-run.js'
import { type JobLogEntry, type JobLogPage, PAGE_ENTRIES_MAX } from './messages.js'

export interface RingLimits {
  readonly entriesMax: number
  readonly bytesMax: number
}
/** Of complaints, and of runs that went well: a flood of page views pushes no error out. */
export const LOG_LIMITS = {
  complaints: { entriesMax: 512, bytesMax: 128 * 1024 },
  quiet: { entriesMax: 512, bytesMax: 64 * 1024 },
} as const satisfies Readonly<Record<string, RingLimits>>

/** What an entry takes beside its texts. */
const ENTRY_BYTES = 96
const PAGE_BYTES = 96 * 1024

/**
 * What the runs of one site left at one member, the newest of them, in memory only: what strangers' peers do not write down they can't leave lying
 * about. At most 1,024 entries and 192 KiB.
 */
export class JobLog {
  /** Another one after a restart: its numbers begin anew. */
  readonly #name: Uint8Array
  readonly #complaints: Ring
  readonly #quiet: Ring
  #newest = 0

  constructor(name: Uint8Array, limits: { readonly complaints: RingLimits; readonly quiet: RingLimits } = LOG_LIMITS) {
    this.#name = name
    this.#complaints = new Ring(limits.complaints)
    this.#quiet = new Ring(limits.quiet)
  }

  add(run: LoggedRun, epoch: number): void {
    const ring = isComplaint(run) ? this.#complaints : this.#quiet
    ring.push({ number: ++this.#newest, epoch, ...run })
  }

  /** What comes after a number of this ring, oldest first, as much as a page holds; of another ring, from the beginning. */
  page(ring: Uint8Array | null, after: number): JobLogPage {
    const from = ring !== null && sameBytes(ring, this.#name) ? Math.min(after, this.#newest) : 0
    const later = [...this.#complaints.after(from), ...this.#quiet.after(from)].sort((a, b) => a.number - b.number)
    let bytes = 0
    const fits = later.findIndex((entry, i) => {
      bytes += sizeOf(entry)
      return i === PAGE_ENTRIES_MAX || bytes > PAGE_BYTES
    })
    const entries = fits < 0 ? later : later.slice(0, fits)
    const until = fits < 0 ? this.#newest : (entries.at(-1)?.number ?? from)
    return { ring: this.#name, until, dropped: until - from - entries.length, more: fits >= 0, entries }
  }
}

class Ring {
  readonly #limits: RingLimits
  readonly #entries: JobLogEntry[] = []
  #bytes = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  push(entry: JobLogEntry): void {
    this.#entries.push(entry)
    this.#bytes += sizeOf(entry)
    while (this.#entries.length > this.#limits.entriesMax || this.#bytes > this.#limits.bytesMax) {
      this.#bytes -= sizeOf(this.#entries.shift() as JobLogEntry)
    }
  }

  after(number: number): readonly JobLogEntry[] {
    const first = this.#entries.findIndex((entry) => entry.number > number)
    return first < 0 ? [] : this.#entries.slice(first)
  }
}

const sizeOf = ({ method, target, said }: JobLogEntry): number => ENTRY_BYTES + utf8Length(method) + utf8Length(target) + utf8Length(said)
