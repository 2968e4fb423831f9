import type { JobId } from '@interpeer/crypto-ids'
import type { Job, Jobs } from '@interpeer/job-scheduler'
import type { SiteView } from './site-view.js'

export type SiteViews = ReadonlyMap<JobId, SiteView>

/**
 * The sites that a block's `jobs` data set describes; not those whose first group is still to be drawn. `earlier` are the views after the block before: who was a member then can still serve
 * the state that the new epoch begins from.
 */
export function siteViews(jobs: Jobs, cycleMs: number, earlier: SiteViews): SiteViews {
  const drawn = [...jobs].filter(([, { state }]) => state !== 'waiting')
  return new Map(drawn.map(([id, job]) => [id, siteView(job, cycleMs, earlier.get(id))]))
}

function siteView({ job, manifest, epoch, next, recovering, state }: Job, cycleMs: number, earlier: SiteView | undefined): SiteView {
  const isSameEpoch = earlier?.epoch === epoch.number
  const previousEpoch = isSameEpoch ? earlier.previousEpoch : (earlier?.epoch ?? epoch.number - 1)
  const previousMembers = isSameEpoch ? earlier.previousMembers : (earlier?.members ?? [])
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
    next: next === null ? null : { members: next.members, chainSeed: next.seed, atMs: next.atMs },
    recovering: recovering !== null,
    ended: state === 'ended',
    cycleMs,
    answersProvisional: manifest.acknowledge === 'provisional',
  }
}
