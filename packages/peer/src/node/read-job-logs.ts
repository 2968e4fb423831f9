import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { PeerError } from '../errors.js'
import { type JobLogEntry, jobLogPage } from '../job-log/messages.js'
import { type LogCursor, signLogRequest } from '../job-log/request.js'
import { partakersOf, type SiteView } from '../site-view.js'

/** What one member had to tell. */
export interface MemberLog {
  readonly peer: PeerId
  /** Whether it has a seat now; others ran the site before, or are about to. */
  readonly isMember: boolean
  readonly entries: readonly JobLogEntry[]
  /** Entries before or among these that are gone. */
  readonly dropped: number
  /** From where to read on; undefined where it never answered. */
  readonly cursor: LogCursor | undefined
  /** Why it did not answer, in a code. */
  readonly failure: string | undefined
}
interface ReadAt {
  readonly signer: Signer
  readonly network: NetworkId
  readonly overlay: Overlay
  /** Answers what this peer asks itself, where it runs the site. */
  readonly own: (envelope: Uint8Array) => Uint8Array
  readonly now: () => number
}
const ASK_MS = 5_000
const PAGE_MAX_BYTES = 130 * 1024
/** Of one member at once; the rest comes with the next call. */
const PAGES_MAX = 12
/** For all pages of one member together. */
const MEMBER_MS_MAX = 10_000

/**
 * Reads a site's log at each of its members, those before and those to come, from where `since` says. Who does not answer is among them, with its failure.
 * @throws {PeerError} JOB_LOGS_REFUSED: this peer's key did not publish the site (rejects)
 */
export async function readJobLogs(view: SiteView, since: ReadonlyMap<PeerId, LogCursor>, at: ReadAt): Promise<readonly MemberLog[]> {
  if (view.uploader !== at.signer.peerId) {
    throw new PeerError({ code: 'JOB_LOGS_REFUSED', reason: 'another key published the site' })
  }
  const peers = [...new Set([...partakersOf(view), ...since.keys()])]
  const read = await Promise.all(peers.map((peer) => readOne(view, peer, since.get(peer), at)))
  return read.filter(({ peer, entries }) => peer !== at.signer.peerId || entries.length > 0)
}

async function readOne(view: SiteView, peer: PeerId, from: LogCursor | undefined, at: ReadAt): Promise<MemberLog> {
  const isMember = view.members.includes(peer)
  const entries: JobLogEntry[] = []
  let [cursor, dropped] = [from, 0]
  const deadlineMs = at.now() + MEMBER_MS_MAX
  try {
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const envelope = signLogRequest({ job: view.job, to: peer, cursor, nowMs: at.now() }, at.signer, at.network)
      const page = jobLogPage.decode(await ask(peer, envelope, at))
      entries.push(...page.entries)
      dropped += page.dropped
      cursor = { ring: page.ring, after: page.until }
      // who says that there is more, and tells nothing, only holds the others up
      if (!page.more || page.entries.length === 0 || at.now() > deadlineMs) break
    }
    return { peer, isMember, entries, dropped, cursor, failure: undefined }
  } catch (error) {
    const failure = String((error as { code?: unknown }).code ?? error)
    return { peer, isMember, entries, dropped, cursor, failure }
  }
}

async function ask(peer: PeerId, envelope: Uint8Array, { signer, overlay, own }: ReadAt): Promise<Uint8Array> {
  if (peer === signer.peerId) return own(envelope)
  return overlay.request(peer, envelope, { timeoutMs: ASK_MS, maxReplyBytes: PAGE_MAX_BYTES })
}
