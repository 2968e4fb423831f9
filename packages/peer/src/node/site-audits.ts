import { setImmediate } from 'node:timers/promises'
import {
  AUDIT_DEADLINE_MS,
  AUDIT_MAX_BLOCKS,
  type Audited,
  type AuditOutcome,
  type Below,
  type Block,
  Inspection,
  judgeAudit,
  openAudit,
} from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { PeerLog } from './log.js'
import type { RepairPlaces } from './repair.js'

/** How, and how often, a member looks after the copies of a site. */
export interface AuditHabits {
  /** Between two rounds, on average; drawn anew each time, from half to one and a half of it. Infinity: never. */
  readonly everyMs: number
  readonly below: Below
  /** 32 secret bytes, never the same twice. */
  readonly nonce: () => Uint8Array
}
export interface AuditedSite extends RepairPlaces {
  readonly overlay: Overlay
  readonly log: PeerLog
  readonly audits: AuditHabits
  /** The state served now: all below it must be here. */
  readonly state: () => ContentId | undefined
  /** Who signed that state: a signature on it means "I hold this". */
  readonly signers: () => readonly PeerId[]
  readonly repair: (missing: readonly ContentId[]) => Promise<boolean>
}

/** What one round reads of the own store at most, and between two pauses. */
const ROUND_BLOCKS = 1_024
const SLICE_BLOCKS = 32
const DRAWN_BLOCKS = 64
const AUDITED_BLOCKS = 4
const SUSPECTS_MAX = 64
/** A member whose audit found something missing here makes this one look at all it has: so long after it last did so, or so many times what that took. */
const SOON = { leastMs: 60_000, perLook: 20 }
const COUNTED: Readonly<Record<AuditOutcome, string>> = {
  held: 'AUDIT_HELD',
  lacks: 'AUDIT_LACKS',
  wrong: 'AUDIT_WRONG',
  silent: 'AUDIT_SILENT',
  busy: 'AUDIT_BUSY',
}

/** A block that a member said it lacks, and after how many whole walks of this peer. */
interface Suspect {
  readonly peer: PeerId
  readonly cid: ContentId
  readonly walks: number
}

/**
 * Looks after the copies of one site, off the way of reads and writes (design §4): from time to time it reads some of what it serves itself, and has
 * what is missing or spoiled fetched again; and has another member prove that it holds some blocks, drawn from all of them. Outcomes are
 * counted by code. A member that lacks a block is asked for it again after this one has read its whole state anew: by then who was only a step behind
 * has it, and what the site has given up is no longer asked for.
 */
export class SiteAudits {
  readonly #site: AuditedSite
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #root: ContentId | undefined
  #inspection: Inspection | undefined
  /** Of the last whole walk: it and what it drew. */
  #walked: Inspection | undefined
  #walks = 0
  #isRunning = false
  #isUrgent = false
  /** When it may look at all it has again because another says so. */
  #restedMs = Number.NEGATIVE_INFINITY
  #suspects: readonly Suspect[] = []

  constructor(site: AuditedSite) {
    this.#site = site
    this.#setTimer()
  }

  /** Something that this peer should have is missing here: it reads all of it, as soon as it may. */
  soon(): void {
    if (this.#isUrgent || this.#stop.signal.aborted || this.#site.audits.everyMs === Number.POSITIVE_INFINITY) return
    this.#isUrgent = true
    if (!this.#isRunning) this.#setTimer()
  }

  close(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    const { everyMs, below } = this.#site.audits
    if (this.#stop.signal.aborted || everyMs === Number.POSITIVE_INFINITY) return
    const regularMs = everyMs / 2 + below(Math.max(1, Math.round(everyMs)))
    const urgentMs = Math.max(0, this.#restedMs - performance.now())
    this.#timer = setTimeout(() => void this.#round(), this.#isUrgent ? Math.min(regularMs, urgentMs) : regularMs)
  }

  async #round(): Promise<void> {
    this.#isRunning = true
    const isUrgent = this.#isUrgent
    const beganMs = performance.now()
    this.#isUrgent = false
    try {
      await this.#inspect(isUrgent)
      await this.#audit()
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#site.count('SITE_TASK_FAILED')
        this.#site.log.error({ err: error }, 'a site’s copies could not be looked after')
      }
    }
    const nowMs = performance.now()
    if (isUrgent) this.#restedMs = nowMs + Math.max(SOON.leastMs, SOON.perLook * (nowMs - beganMs))
    this.#isRunning = false
    this.#setTimer()
  }

  /** Reads on where the last round stopped; an urgent one begins anew and reads all. */
  async #inspect(isUrgent: boolean): Promise<void> {
    if (isUrgent) this.#inspection = undefined
    const max = isUrgent ? Number.POSITIVE_INFINITY : ROUND_BLOCKS
    for (let read = 0; read < max && !this.#stop.signal.aborted; read += SLICE_BLOCKS) {
      const inspection = this.#inspection ?? this.#begin()
      if (inspection === undefined) return
      const missing = inspection.step(this.#site.store.get, SLICE_BLOCKS)
      // what is missing of a state that is over may be missed by nobody: the walk goes on with the state that is served now
      if (missing.length > 0 && this.#root !== this.#site.state()) this.#inspection = undefined
      else if (missing.length > 0) await this.#site.repair(missing)
      if (this.#inspection?.isDone === true) return this.#end(inspection)
      await setImmediate()
    }
  }

  #begin(): Inspection | undefined {
    this.#root = this.#site.state()
    this.#inspection = this.#root === undefined ? undefined : new Inspection([this.#root], DRAWN_BLOCKS, this.#site.audits.below)
    return this.#inspection
  }

  #end(inspection: Inspection): void {
    this.#inspection = undefined
    this.#walked = inspection
    this.#walks++
    this.#suspects = this.#suspects.filter(({ cid }) => inspection.met(cid))
  }

  async #audit(): Promise<void> {
    const { signers, self, audits } = this.#site
    const others = signers().filter((peer) => peer !== self)
    const prover = others[audits.below(Math.max(1, others.length))]
    if (prover === undefined || this.#walked === undefined || this.#stop.signal.aborted) return
    await this.#auditOne(prover, this.#draw(this.#walked.drawn))
    const [due] = this.#suspects.filter(({ walks, peer }) => walks < this.#walks && others.includes(peer))
    if (due === undefined) return
    const blamed = this.#suspects.filter(({ walks, peer }) => walks < this.#walks && peer === due.peer).slice(0, AUDIT_MAX_BLOCKS)
    this.#suspects = this.#suspects.filter((one) => !blamed.includes(one))
    const audited = await this.#auditOne(
      due.peer,
      blamed.map(({ cid }) => cid),
    )
    const lost = audited.filter(({ outcome }) => outcome === 'lacks')
    if (lost.length === 0) return
    this.#site.count('MEMBER_LACKS_BLOCKS')
    this.#site.log.warn({ peer: due.peer, lost: lost.length, first: lost[0]?.cid }, 'a member still lacks blocks that it should hold')
  }

  #draw(drawn: readonly ContentId[]): readonly ContentId[] {
    const left = [...drawn]
    const some: ContentId[] = []
    while (some.length < AUDITED_BLOCKS && left.length > 0) some.push(...left.splice(this.#site.audits.below(left.length), 1))
    return some
  }

  async #auditOne(prover: PeerId, cids: readonly ContentId[]): Promise<readonly Audited[]> {
    const { store, overlay, audits, count, log } = this.#site
    const blocks = cids.flatMap((cid): Block[] => {
      const bytes = store.get(cid)
      return bytes === undefined ? [] : [{ cid, bytes }]
    })
    if (blocks.length === 0) return []
    const audit = openAudit(prover, blocks, audits.nonce())
    const sentMs = performance.now()
    const options = { timeoutMs: AUDIT_DEADLINE_MS, signal: this.#stop.signal }
    const reply = await overlay.request(prover, audit.request, options).catch(() => undefined)
    if (this.#stop.signal.aborted) return []
    const audited = judgeAudit(audit, reply, performance.now() - sentMs)
    for (const { outcome } of audited) count(COUNTED[outcome])
    if (audited.some(({ outcome }) => outcome === 'wrong')) log.warn({ peer: prover }, 'a member could not show that it holds a block')
    const lacked = audited.filter(({ outcome }) => outcome === 'lacks').map(({ cid }) => ({ peer: prover, cid, walks: this.#walks }))
    this.#suspects = [...this.#suspects, ...lacked].slice(-SUSPECTS_MAX)
    return audited
  }
}
