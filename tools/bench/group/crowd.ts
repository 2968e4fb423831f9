import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerId } from '@interpeer/crypto-ids'
import type { Peer } from '@interpeer/peer/node'
import { percentile } from '../figures.ts'
import { LocalGroup, SITE, type Used } from './local-group.ts'

const WARM_UP_MS = 4_000
const MEASURED_MS = 15_000
/** One write after another: some hundred of them, so that there is a 99th of them. */
const LATENCY_MS = 45_000
/** Visitors who each wait for their answer before they write again. */
const CROWD = 600

export interface Run {
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}
export async function withGroup<T>(size: number, delayMs: number, work: (group: LocalGroup) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-bench-'))
  try {
    const group = await LocalGroup.start(folder, size, delayMs)
    try {
      return await work(group)
    } finally {
      await group.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function writes(group: LocalGroup, { say, signal }: Run): Promise<{ perSecond: number; memberUs: number }> {
  const crowd = new Crowd(group, CROWD, true, signal)
  await crowd.run(WARM_UP_MS)
  const [before, ownBefore] = [await group.used(), process.cpuUsage()]
  const done = crowd.finished
  const { ms, tookMs } = await crowd.run(MEASURED_MS)
  const [after, own] = [await group.used(), process.cpuUsage(ownBefore)]
  await crowd.end()
  const count = crowd.finished - done
  const memberUs = after.reduce((sum, { cpuUs }, i) => sum + cpuUs - (before[i] as Used).cpuUs, 0) / after.length / count
  const steps = (after[0] as Used).steps - (before[0] as Used).steps
  say(
    `${group.members.length} members: ${count} writes in ${(tookMs / 1000).toFixed(1)} s, ${(count / steps).toFixed(0)} a step, ` +
      `p50 ${percentile(ms, 50).toFixed(0)} ms; CPU for each write: ${memberUs.toFixed(0)} us a member, ` +
      `${((own.user + own.system) / count).toFixed(0)} us the visitors; refused ${crowd.refused}`,
  )
  return { perSecond: (count / tookMs) * 1000, memberUs }
}

export async function latencies(group: LocalGroup, { say, signal }: Run): Promise<readonly number[]> {
  const crowd = new Crowd(group, 1, false, signal)
  await crowd.run(WARM_UP_MS)
  const { ms } = await crowd.run(LATENCY_MS)
  await crowd.end()
  const { droppedByKernel } = (await group.relay?.show()) ?? { droppedByKernel: 0 }
  say(`${group.members.length} members: ${ms.length} writes of one visitor; refused ${crowd.refused}`)
  if (droppedByKernel > 0) throw new Error(`the relay was too slow: ${droppedByKernel} datagrams were dropped`)
  return ms
}

/** Visitors of one site; each writes again as soon as it is answered. */
class Crowd {
  finished = 0
  refused = 0
  #samples: number[] = []
  #isOver = false
  readonly #visitors: Promise<void>[]
  #failed: unknown

  /** @param spread each visitor asks a member of its own; otherwise whom its gateway chooses */
  constructor(group: LocalGroup, size: number, spread: boolean, signal: AbortSignal) {
    this.#visitors = Array.from({ length: size }, (_, i) => this.#visit(group, i, spread, signal))
  }

  /** Lets them write for so long; the answers that came. */
  async run(forMs: number): Promise<{ readonly ms: readonly number[]; readonly tookMs: number }> {
    this.#samples = []
    const beganMs = performance.now()
    await new Promise((resolve) => setTimeout(resolve, forMs))
    if (this.#failed !== undefined) throw this.#failed
    return { ms: this.#samples, tookMs: performance.now() - beganMs }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#visitors)
  }

  async #visit({ gateways, members }: LocalGroup, i: number, spread: boolean, signal: AbortSignal): Promise<void> {
    const member = members[i % members.length] as PeerId
    const gateway = gateways[Math.floor(i / members.length) % gateways.length] as Peer
    const request = { method: 'POST', target: '/', host: `${SITE}.localhost`, https: false, headers: [], body: new Uint8Array(16) }
    while (!this.#isOver && !signal.aborted) {
      const beganMs = performance.now()
      try {
        const answer = await gateway.askSite(SITE, request, spread ? { member } : {})
        if (answer.ran === 'write') {
          this.finished++
          this.#samples.push(performance.now() - beganMs)
          continue
        }
        this.refused++
      } catch (error) {
        this.#failed ??= error
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
