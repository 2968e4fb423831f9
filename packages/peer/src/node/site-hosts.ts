import { contentIdOfBytes, type JobId, jobIdOf, openMessage, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { siteRequest } from '@interpeer/peer-group'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import type { SiteView } from '../site-view.js'
import type { ScriptQueue } from './script-queue.js'
import { type SiteDuties, SiteHost } from './site-host.js'

const GROUP_NUMBERS = { first: 48, last: 69 }
/** Sites that one peer hosts at most: each has a file tree in memory. */
const HOSTED_MAX = 64

export type HostsSurroundings = Omit<SiteDuties, 'scripts' | 'submitClose' | 'submitShow'> & {
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

  constructor(around: HostsSurroundings) {
    this.#around = around
  }

  /** The chain's sites, after a block. */
  onViews(views: readonly SiteView[]): void {
    const { scripts, count, log } = this.#around
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
    if (number < GROUP_NUMBERS.first || number > GROUP_NUMBERS.last) return false
    for (const host of this.#hosts.values()) host.onMessage(from, message)
    return true
  }

  /** @throws {CryptoError} @throws {WireError} @throws {PeerError} SITE_UNKNOWN */
  answer(envelope: Uint8Array): Promise<Uint8Array> {
    const { network } = this.#around
    const request = openMessage(siteRequest, envelope, network, (value) => peerIdOfKey(value.from))
    const job = jobIdOf(contentIdOfBytes(request.job))
    const host = this.#hosts.get(job)
    if (host === undefined) return Promise.reject(new PeerError({ code: 'SITE_UNKNOWN', name: job }))
    return host.answer(request, envelope)
  }

  hosted(): { job: JobId; epoch: number; step: number; state: string }[] {
    return [...this.#hosts].flatMap(([job, { served }]) =>
      served === undefined ? [] : [{ job, epoch: served.epoch, step: served.step, state: served.state }],
    )
  }

  /** Whether this peer ever served this site. */
  hasServed(job: JobId): boolean {
    return this.#around.siteRecords.get(job) !== undefined
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()))
  }

  /** A leaver stays for a few blocks, so that newcomers can still fetch from it what others lack. */
  #leave(job: JobId, host: SiteHost): void {
    const blocks = (this.#leaving.get(job) ?? 0) + 1
    this.#leaving.set(job, blocks)
    if (blocks < LEAVING_BLOCKS) return
    this.#leaving.delete(job)
    this.#hosts.delete(job)
    void host.close()
  }

  #duties(scripts: ScriptQueue, job: JobId): SiteDuties {
    const { submitClose } = this.#around
    return {
      ...this.#around,
      scripts,
      submitClose: (certificate, batch) => submitClose(job, certificate, batch),
    }
  }
}
const LEAVING_BLOCKS = 3
