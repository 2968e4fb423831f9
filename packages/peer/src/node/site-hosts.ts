import type { RecordStore } from '@interpeer/content-store'
import { type ContentId, contentIdOf, contentIdOfBytes, type JobId, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { certificateAsk, certificateMessage, OWN_WORK_MESSAGES, peekRequest, readCheck } from '@interpeer/peer-group'
import { PeerError } from '../errors.js'
import { owesState, type SiteHoldings } from '../live-roots.js'
import { numberOf } from '../message-number.js'
import { decodeServed } from '../served-state.js'
import { hasPartIn, partakersOf, type SiteView } from '../site-view.js'
import { BodyDesk } from './body-desk.js'
import { EpochRecords } from './epoch-records.js'
import { JobLogDesk } from './job-log-desk.js'
import { KnownRequests } from './known-requests.js'
import { forgetOutbox } from './outbox-records.js'
import { Paces } from './paces.js'
import { RecentBodies } from './recent-bodies.js'
import { repair } from './repair.js'
import type { ScriptQueue } from './script-queue.js'
import type { SiteDuties } from './site-duties.js'
import { SiteHost } from './site-host.js'

const GROUP_NUMBERS = { first: 48, last: 69 }
const isGroups = (number: number): boolean =>
  (number >= GROUP_NUMBERS.first && number <= GROUP_NUMBERS.last) || OWN_WORK_MESSAGES.includes(number)
/** Sites that one peer hosts at most: each has a file tree in memory. */
const HOSTED_MAX = 64
/** Certificates that peers may show: each of them, and all together. Who shows many honest ones has as many sites' visitors. */
const SHOWN = { each: { most: 32, perSecond: 8 }, all: { most: 128, perSecond: 64 } }
/** Peers that one fetch asks at most. */
const ASKED_MAX = 256

export type HostsSurroundings = Omit<SiteDuties, 'scripts' | 'requests' | 'epochRecords' | 'bodies' | 'submitClose' | 'submitShow'> & {
  readonly groupRecords: RecordStore
  /** Null: this peer runs nothing. */
  readonly scripts: ScriptQueue | null
  /** Hands the chain a closing batch with its certificate, or a member's show. */
  readonly submitClose: (job: JobId, certificate: Uint8Array, batch: Uint8Array) => void
  readonly submitShow: (envelope: Uint8Array) => void
}

/** All sites on this peer: one comes when the chain draws the peer for a seat, and goes when it has left it. */
export class SiteHosts {
  readonly #around: HostsSurroundings
  readonly #hosts = new Map<JobId, SiteHost>()
  readonly #leaving = new Map<JobId, number>()
  /** Epochs by job that this peer told that it takes no part in: it says so once. */
  readonly #declined = new Map<JobId, number>()

  readonly #epochRecords: EpochRecords
  readonly #requests: KnownRequests
  readonly #recentBodies = new RecentBodies()
  readonly #bodies: BodyDesk
  readonly #logs: JobLogDesk
  readonly #shownByEach = new Paces(SHOWN.each)
  readonly #shownByAll = new Paces(SHOWN.all)
  readonly #stop = new AbortController()
  #views: readonly SiteView[] = []
  /** The states that sites had when this peer left them, or stopped: read from the disk when first asked. */
  readonly #left = new Map<JobId, readonly ContentId[]>()

  constructor(around: HostsSurroundings) {
    this.#around = around
    this.#epochRecords = new EpochRecords(around.groupRecords, around.count)
    this.#requests = new KnownRequests(around.network)
    this.#bodies = new BodyDesk(around)
    const readerOf = (job: JobId) => this.#views.find((view) => view.job === job)?.uploader
    this.#logs = new JobLogDesk({ ...around, readerOf })
  }

  /** The chain's sites, after a block. */
  onViews(views: readonly SiteView[]): void {
    const { scripts, count, log } = this.#around
    this.#views = views
    if (scripts === null) return
    for (const view of views) {
      try {
        this.#onView(view, scripts)
      } catch (error) {
        // a site's records can be spoiled, or its entry be nothing that can be run: the other sites go on
        count('SITE_FAILED')
        log.error({ err: error, job: view.job }, 'a site could not take what the chain says')
      }
    }
    const jobs = new Set(views.map(({ job }) => job))
    for (const [job, host] of this.#hosts) if (!jobs.has(job)) this.#leave(job, host)
  }

  #onView(view: SiteView, scripts: ScriptQueue): void {
    const self = this.#around.signer.peerId
    const isMine = !view.ended && (view.members.includes(self) || (view.next?.members.includes(self) ?? false))
    const host = this.#hosts.get(view.job)
    if (host !== undefined) {
      host.onView(view)
      if (!isMine) this.#leave(view.job, host)
      else this.#leaving.delete(view.job)
    } else if (isMine && view.runtime !== scripts.runtimeId) {
      // another runtime gives other bytes: to take part would be to contradict the group
      this.#decline(view, 'RUNTIME_OTHER')
    } else if (isMine && this.#hosts.size >= HOSTED_MAX) {
      this.#decline(view, 'HOSTED_MAX')
    } else if (isMine) {
      this.#hosts.set(view.job, new SiteHost(view, this.#duties(scripts, view.job)))
      this.#left.delete(view.job)
    }
  }

  #decline({ job, epoch, runtime }: SiteView, code: 'RUNTIME_OTHER' | 'HOSTED_MAX'): void {
    if (this.#declined.get(job) === epoch) return
    this.#declined.set(job, epoch)
    this.#around.count(code)
    this.#around.log.warn({ job, epoch, runtime, code }, 'this peer can not take its seat at a site')
  }

  /** Whether it was a group's message. Each host takes only those of its own job. */
  onMessage(from: PeerId, message: Uint8Array): boolean {
    const number = numberOf(message) ?? 0
    if (number === certificateMessage.number) {
      this.#onShown(from, message)
      return true
    }
    if (!isGroups(number)) return false
    for (const host of this.#hosts.values()) host.onMessage(from, message)
    return true
  }

  /** A visitor's side shows a certificate, as it is. It is checked where nothing is known of its step, so not as often as anybody likes. */
  #onShown(from: PeerId, message: Uint8Array): void {
    const { now, count } = this.#around
    if (!this.#shownByEach.allows(from, now()) || !this.#shownByAll.allows('', now())) {
      count('CERTIFICATES_MANY')
      return
    }
    try {
      const { job, epoch } = certificateMessage.decode(message)
      this.#hosts.get(jobIdOf(contentIdOfBytes(job)))?.shown(from, epoch, message)
    } catch {
      count('CERTIFICATE_INVALID')
    }
  }

  /** @throws {CryptoError} @throws {WireError} @throws {PeerError} SITE_UNKNOWN */
  answer(asker: PeerId, envelope: Uint8Array): Promise<Uint8Array> {
    const request = this.#requests.open(contentIdOf(envelope, 'raw'), envelope)
    const job = jobIdOf(contentIdOfBytes(request.job))
    const host = this.#hosts.get(job)
    if (host === undefined) return Promise.reject(new PeerError({ code: 'SITE_UNKNOWN', name: job }))
    return host.answer(request, envelope, asker)
  }

  /** Answers a `certificate-ask`. @throws {WireError} @throws {CryptoError} */
  answerCertificate(message: Uint8Array): Uint8Array {
    const { job, certificate } = certificateAsk.decode(message)
    return this.#hosts.get(jobIdOf(contentIdOfBytes(job)))?.certificate(certificate) ?? new Uint8Array()
  }

  /** Runs a read of one of its sites again. @throws {CryptoError} @throws {WireError} @throws {PeerError} SITE_UNKNOWN (rejects) */
  async check(asker: PeerId, message: Uint8Array): Promise<Uint8Array> {
    const { job } = peekRequest(readCheck.decode(message).request)
    const name = jobIdOf(contentIdOfBytes(job))
    const host = this.#hosts.get(name)
    if (host === undefined) throw new PeerError({ code: 'SITE_UNKNOWN', name })
    return host.check(asker, message)
  }

  /** Answers a `job-logs` of a site's uploader with a `job-log-page`. @throws as `JobLogDesk.answer` */
  answerLogs(envelope: Uint8Array): Uint8Array {
    return this.#logs.answer(envelope)
  }

  hosted(): { job: JobId; epoch: number; step: number; state: string }[] {
    return [...this.#hosts].flatMap(([job, { served }]) =>
      served === undefined ? [] : [{ job, epoch: served.epoch, step: served.step, state: served.state }],
    )
  }

  /** Blocks are missing here that this peer asked for, or some are spoiled: the sites that both have a part in, or all, look what they lack. */
  onLacked(asker?: PeerId): void {
    for (const host of this.#hosts.values()) if (asker === undefined || hasPartIn(host.view, asker)) host.onLacked()
  }

  /** Whether this peer still has a state of this site that it served. */
  hasServed(job: JobId): boolean {
    return this.#hosts.has(job) || this.#leftStates(job).length > 0
  }

  /** What there is of every site on the chain that this peer has to do with, to tell what stays in the store. */
  *holdings(): Generator<SiteHoldings> {
    for (const view of this.#views) if (this.#concerns(view)) yield this.#holdingsOf(view)
  }

  /** Sites stay on the chain for ever: most of them this peer never had, or has nothing of any more. */
  #concerns(view: SiteView): boolean {
    if (this.hasServed(view.job) || this.#epochRecords.has(view.job)) return true
    return !view.ended && hasPartIn(view, this.#around.signer.peerId)
  }

  /** Forgets the records of sites that this peer left, once nobody can need what they name. */
  async forgetLeft(): Promise<void> {
    const { siteRecords, outboxRecords, signer } = this.#around
    for (const holdings of this.holdings()) {
      const { view } = holdings
      if (holdings.isHosted) continue // it forgets its epochs itself
      if (holdings.served.length > 0 && !owesState(holdings, signer.peerId)) {
        await siteRecords.delete([view.job])
        await forgetOutbox(outboxRecords, view.job)
        if (!this.#hosts.has(view.job)) this.#left.set(view.job, [])
      }
      // of an epoch that may still be shown nothing is forgotten
      await this.#epochRecords.forget(view.job, view.ended ? Number.POSITIVE_INFINITY : view.previousEpoch)
    }
  }

  /** Makes blocks that this peer lost again, whichever sites they are of: from all who have a part in one that is here. Whether it could. */
  async mend(cids: readonly ContentId[]): Promise<boolean> {
    const here = this.#views.filter((view) => this.hasServed(view.job))
    const peers = [...new Set(here.flatMap(partakersOf))]
    for (let asked = 0; asked < peers.length; asked += ASKED_MAX) {
      if (await repair(cids, this.#around, peers.slice(asked, asked + ASKED_MAX), this.#stop.signal)) return true
    }
    return false
  }

  #holdingsOf(view: SiteView): SiteHoldings {
    const { job, epoch, previousEpoch } = view
    const host = this.#hosts.get(job)
    const needed = new Set(host?.references())
    for (const at of [previousEpoch, epoch, epoch + 1]) for (const cid of this.#epochRecords.references(job, at)) needed.add(cid)
    return { view, isHosted: host !== undefined, served: host?.servedStates ?? this.#leftStates(job), needed }
  }

  #leftStates(job: JobId): readonly ContentId[] {
    const known = this.#left.get(job)
    if (known !== undefined) return known
    let states: readonly ContentId[] = []
    try {
      const stored = this.#around.siteRecords.get(job)
      if (stored !== undefined) states = [decodeServed(stored).state]
    } catch {
      this.#around.count('SERVED_UNREADABLE')
    }
    this.#left.set(job, states)
    return states
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#bodies.close()
    await Promise.all([...this.#hosts.values()].map((host) => host.close()))
  }

  /** A leaver stays for a few blocks, so that newcomers can still fetch from it what others lack. */
  #leave(job: JobId, host: SiteHost): void {
    const blocks = (this.#leaving.get(job) ?? 0) + 1
    this.#leaving.set(job, blocks)
    if (blocks < LEAVING_BLOCKS) return
    this.#leaving.delete(job)
    this.#hosts.delete(job)
    this.#left.set(job, host.servedStates)
    void host.close()
  }

  #duties(scripts: ScriptQueue, job: JobId): SiteDuties {
    const { submitClose } = this.#around
    return {
      ...this.#around,
      epochRecords: this.#epochRecords,
      scripts,
      requests: this.#requests,
      recentBodies: this.#recentBodies,
      bodies: this.#bodies,
      ran: (run, epoch) => this.#logs.add(job, run, epoch),
      submitClose: (certificate, batch) => submitClose(job, certificate, batch),
    }
  }
}
const LEAVING_BLOCKS = 3
