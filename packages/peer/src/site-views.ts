import type { JobId, PeerId } from '@interpeer/crypto-ids'
import type { Job, Jobs } from '@interpeer/job-scheduler'
import type { Accusations } from './network/accusations.js'
import type { DisputeCase, Disputes } from './network/disputes.js'
import type { SiteView } from './site-view.js'

export type SiteViews = ReadonlyMap<JobId, SiteView>

/**
 * The sites that a block's `jobs` data set describes; not those whose first group is still to be drawn. `earlier` are the views after the block before: who was a member then can still serve
 * the state that the new epoch begins from.
 */
export function siteViews(
  jobs: Jobs,
  cycleMs: number,
  earlier: SiteViews,
  disputes: Disputes = new Map(),
  accusations: Accusations = new Map(),
): SiteViews {
  const drawn = [...jobs].filter(([, { state }]) => state !== 'waiting')
  const cases = new Map<JobId, DisputeCase[]>()
  for (const one of disputes.values()) cases.set(one.job, [...(cases.get(one.job) ?? []), one])
  const sitting = new Map<JobId, PeerId[]>()
  for (const { job, accuser, jury, outcome } of accusations.values()) {
    if (outcome === 'open') sitting.set(job, [...(sitting.get(job) ?? []), accuser, ...(jury ?? [])])
  }
  return new Map(
    drawn.map(([id, job]) => [
      id,
      { ...siteView(job, cycleMs, earlier.get(id), cases.get(id) ?? []), accusationJudges: [...new Set(sitting.get(id))] },
    ]),
  )
}

function siteView(
  { job, manifest, epoch, next, recovering, closing, state, paid }: Job,
  cycleMs: number,
  earlier: SiteView | undefined,
  cases: readonly DisputeCase[],
): Omit<SiteView, 'accusationJudges'> {
  const isSameEpoch = earlier?.epoch === epoch.number
  const previousEpoch = isSameEpoch ? earlier.previousEpoch : (earlier?.epoch ?? epoch.number - 1)
  const previousMembers = isSameEpoch ? earlier.previousMembers : (earlier?.members ?? [])
  // the chain forgets a case with its epoch; who fetches the state that a verdict opened the next one with still needs to know who has it
  const before = isSameEpoch || epoch.certificate === null ? (earlier?.judges ?? []) : []
  const judges = cases.length > 0 ? [...new Set(cases.flatMap(({ jury }) => jury ?? []))] : before
  return {
    job,
    name: manifest.name,
    uploader: manifest.uploader,
    runtime: manifest.runtime,
    epoch: epoch.number,
    members: epoch.members,
    previousMembers,
    previousEpoch,
    openedByClosing: epoch.certificate !== null,
    chainSeed: epoch.seed,
    start: epoch.start,
    startTimeMs: epoch.startTimeMs,
    opensMs: epoch.openedMs,
    rerun: epoch.rerun,
    next: next === null ? null : { members: next.members, chainSeed: next.seed, atMs: next.atMs, jurors: next.jurors, mayPay: next.mayPay },
    jurors: epoch.jurors,
    funds: { settled: paid, mayPay: epoch.mayPay },
    disputed: cases.some((one) => one.epoch === epoch.number && one.judgment === null),
    judged: cases.some((one) => one.epoch === epoch.number && one.judgment?.opens !== undefined),
    judges,
    closing: closing?.certificate ?? null,
    recovering: recovering !== null,
    shows: recovering?.shows ?? [],
    disputes: cases.filter((one) => one.epoch === epoch.number).map(({ dispute }) => dispute),
    ended: state === 'ended',
    cycleMs,
    answersProvisional: manifest.acknowledge === 'provisional',
  }
}
