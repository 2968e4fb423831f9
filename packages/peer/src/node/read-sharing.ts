import { type NetworkId, type PeerId, peekPayload } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  READ_REPLY_MAX_BYTES,
  READ_REQUEST_MAX_BYTES,
  type ReadChecked,
  readCheck,
  readChecked,
  readContradiction,
  type Verification,
  verifyReadContradiction,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { readContextOf } from '../read-context.js'
import type { SiteView } from '../site-view.js'
import type { PeerLog } from './log.js'
import type { ReadEvidence } from './read-evidence.js'

/** How many of the reads that it is answered an asker has run again by another member. */
export interface ReadCheckHabits {
  /** Of a thousand. 0: none. */
  readonly perMille: number
  /** A whole number from 0 up to, not including, `limit`: so that no member knows which of its answers will be looked at. */
  readonly below: (limit: number) => number
}
export interface SharingAsker {
  readonly self: PeerId
  readonly network: NetworkId
  readonly overlay: Pick<Overlay, 'request'>
  readonly verification: Verification
  readonly habits: ReadCheckHabits
  readonly readEvidence: ReadEvidence
  /** Network time in ms. */
  readonly now: () => number
  readonly count: (code: string) => void
  readonly log: PeerLog
}
/** Checks under way: where more would be, that read is not checked. */
const ASKED_MAX = 8
const CHECK_TIMEOUT_MS = 30_000
const CHECKED_MAX_BYTES = readChecked.maxBytes

/** One read: signed by who asked, and by who answered. */
export interface SignedRead {
  readonly request: Uint8Array
  readonly reply: Uint8Array
  readonly answerer: PeerId
}

/**
 * Passes a share of the reads that this peer was answered on to other members, who run them again (design §6, Reads). An asker runs nothing itself: it
 * takes a contradiction for one if most of the members who can say so do, the one that answered among those who deny it. So no single member
 * can bring another into discredit here.
 */
export class ReadSharing {
  readonly #asker: SharingAsker
  #asked = 0

  constructor(asker: SharingAsker) {
    this.#asker = asker
  }

  /** Throws the dice for one read. Resolves when all that came of it is done; never rejects. */
  async offer(view: SiteView, read: SignedRead): Promise<void> {
    const { habits, self, count, log } = this.#asker
    if (habits.perMille === 0 || habits.below(1000) >= habits.perMille) return
    const others = view.members.filter((peer) => peer !== read.answerer && peer !== self)
    if (others.length === 0) return
    if (read.request.length > READ_REQUEST_MAX_BYTES || read.reply.length > READ_REPLY_MAX_BYTES) return count('READ_CHECK_TOO_LARGE')
    if (this.#asked >= ASKED_MAX) return count('READ_CHECK_BUSY')
    this.#asked++
    try {
      await this.#check(view, read, others)
    } catch (error) {
      count('READ_CHECK_FAILED')
      log.error({ err: error, job: view.job }, 'a read could not be looked at again')
    } finally {
      this.#asked--
    }
  }

  async #check(view: SiteView, read: SignedRead, others: readonly PeerId[]): Promise<void> {
    const { habits, count, log, now, readEvidence } = this.#asker
    const drawn = others[habits.below(others.length)] as PeerId
    const first = await this.#ask(view, read, drawn)
    count(COUNTED[first.verdict])
    if (first.verdict !== 'contradicted' || first.evidence === null) return
    const rest = await Promise.all(others.filter((peer) => peer !== drawn).map((peer) => this.#ask(view, read, peer)))
    const said = [first, ...rest].map(({ verdict }) => verdict)
    const [against, by] = [said.filter((one) => one === 'contradicted').length, said.filter((one) => one === 'same').length + 1]
    const about = { job: view.job, answerer: read.answerer, accuser: drawn, against, by }
    if (against <= by) {
      count('READ_ACCUSATION_ALONE')
      return log.info(about, 'a member says that another answered a read falsely, and too few others do')
    }
    count('READ_CONTRADICTED')
    log.warn(about, 'a member answered a read falsely, as most others say who ran it again')
    await readEvidence.keep(first.evidence, { job: view.job, answerer: read.answerer, atMs: now() })
  }

  /** What one member says. What it says without proof, or not in time, is nothing. */
  async #ask(view: SiteView, { request, reply }: SignedRead, peer: PeerId): Promise<ReadChecked> {
    const { network, overlay, verification } = this.#asker
    try {
      const options = { timeoutMs: CHECK_TIMEOUT_MS, maxReplyBytes: CHECKED_MAX_BYTES }
      const said = readChecked.decode(await overlay.request(peer, readCheck.encode({ request, reply }), options))
      if (said.verdict !== 'contradicted') return said
      const evidence = said.evidence ?? new Uint8Array()
      const contradiction = verifyReadContradiction(evidence, readContextOf(view, network), verification)
      const isOfThis = contradiction.accuser === peer && holds(evidence, request, reply)
      return isOfThis ? said : NOTHING
    } catch {
      return NOTHING
    }
  }
}

const NOTHING: ReadChecked = { verdict: 'abstained', evidence: null }
const COUNTED: Readonly<Record<ReadChecked['verdict'], string>> = {
  same: 'READ_SHARED_SAME',
  contradicted: 'READ_SHARED_CONTRADICTED',
  abstained: 'READ_SHARED_ABSTAINED',
}
/** Whether evidence is about this very read. */
function holds(evidence: Uint8Array, request: Uint8Array, reply: Uint8Array): boolean {
  const said = readContradiction.decode(peekPayload(evidence) as Uint8Array)
  return sameBytes(said.request, request) && sameBytes(said.reply, reply)
}
