import { openMessage, jobIdOf, contentIdOfBytes, type JobId, peerIdOfKey, type PeerId } from '@interpeer/crypto-ids'
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
  readonly submitShow: (job: JobId, envelope: Uint8Array) => void
}

/** All sites on this peer: one comes when the chain draws the peer for a seat, and goes when it has left it. */
export class SiteHosts {
  readonly #around: HostsSurroundings
  readonly #hosts = new Map<JobId, SiteHost>()
  readonly #leaving = new Map<JobId, number>()

  constructor(around: HostsSurroundings) {
    this.#around = around
  }

  /** The chain's sites, after a block. */
  onViews(views: readonly SiteView[]): void {
    const self = this.#around.signer.peerId
    const { scripts } = this.#around
    if (scripts === null) return
    for (const view of views) {
      const isMine = !view.ended && (view.members.includes(self) || (view.next?.members.includes(self) ?? false))
      const host = this.#hosts.get(view.job)
      if (host !== undefined) {
        host.onView(view)
        if (!isMine) this.#leave(view.job, host)
        else this.#leaving.delete(view.job)
      } else if (isMine && view.runtime !== scripts.runtimeId) {
        // another runtime gives other bytes: to take part would be to contradict the group
        this.#around.count('RUNTIME_OTHER')
        this.#around.log.warn({ job: view.job, runtime: view.runtime }, 'this site needs a runtime that this peer does not have')
      } else if (isMine && this.#hosts.size < HOSTED_MAX) {
        this.#hosts.set(view.job, new SiteHost(view, this.#duties(scripts, view.job)))
      }
    }
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
    const { submitClose, submitShow } = this.#around
    return {
      ...this.#around,
      scripts,
      submitClose: (certificate, batch) => submitClose(job, certificate, batch),
      submitShow: (envelope) => submitShow(job, envelope),
    }
  }
}
const LEAVING_BLOCKS = 3
