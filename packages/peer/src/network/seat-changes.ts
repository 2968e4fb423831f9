import { changedKeys } from '@interpeer/content-store'
import type { PeerId } from '@interpeer/crypto-ids'
import { type Job, type Jobs, seatHoldersOf } from '@interpeer/job-scheduler'

/** By how much the number of each peer's seats changed from one state of the jobs to another. */
export function seatChanges(before: Jobs, after: Jobs): ReadonlyMap<PeerId, number> {
  const changes = new Map<PeerId, number>()
  const count = (job: Job | undefined, by: number) => {
    for (const peer of job === undefined ? [] : seatHoldersOf(job)) changes.set(peer, (changes.get(peer) ?? 0) + by)
  }
  for (const job of changedKeys(before, after)) {
    count(before.get(job), -1)
    count(after.get(job), 1)
  }
  return changes
}
