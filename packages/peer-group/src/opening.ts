import { type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Judgment } from './jury/judgment.js'
import type { Recovery } from './recovery.js'

/** The epoch that is over. */
export interface OldEpoch {
  readonly start: ContentId
  readonly startTimeMs: number
  readonly members: readonly PeerId[]
  /** What it had to run again first, in order. */
  readonly rerun: readonly Uint8Array[]
}
/** What a block opens the next epoch from. */
export interface Opening {
  /** The group state that it begins on. */
  readonly state: ContentId
  /** When that state was final; its first new batch has to be later. */
  readonly timeMs: number
  /** Run again first, unchanged and in order. */
  readonly rerun: readonly Uint8Array[]
  /** In the order of their seats, without those whom the verdict sends away. The chain fills the other seats, and replaces who did not show. */
  readonly members: readonly PeerId[]
  /** Later batches are certified whose bytes nobody gave: these and all after them are lost. */
  readonly incomplete: boolean
}

/**
 * What the next epoch opens from: what the old one's members showed, with the verdict applied to the step that was judged (design §6, Epochs and Jury; peer-group.md, 36). Never
 * from what the dispute recorded alone: the group may have gone on meanwhile. While the chain has a dispute without its verdict, it waits.
 * @param judgment the one that fell on a step of the old epoch, if any
 * @param batches further ones that anyone gave, in any order: those of `judgment.opens.rerun` that were final already are in no show
 */
export function openingOf(recovery: Recovery, old: OldEpoch, judgment?: Judgment, batches: readonly Uint8Array[] = []): Opening {
  const { closing, last, rerun, through } = recovery
  const opens = judgment?.opens
  const shown = closing ?? last ?? { state: old.start, timeMs: old.startTimeMs }
  const members = opens?.members ?? old.members
  const isMet = judgment?.outcome === 'stands' && (last?.step ?? 0) >= judgment.step
  if (judgment === undefined || opens === undefined || isMet) {
    const left = closing === undefined ? old.rerun.slice(through) : []
    const later = laterSteps(recovery, old).map(({ batch }) => batch)
    return { state: shown.state, timeMs: shown.timeMs, rerun: [...later, ...left], members, incomplete: false }
  }
  const known = new Map([...rerun, ...old.rerun, ...batches].map((batch) => [hexOf(sha256(batch)), batch]))
  const named = opens.rerun.map((hash) => known.get(hexOf(hash)))
  const gap = named.indexOf(undefined)
  const again = (gap < 0 ? named : named.slice(0, gap)) as Uint8Array[]
  const opening = { state: opens.start, timeMs: shown.timeMs, members }
  if (gap >= 0) return { ...opening, rerun: again, incomplete: true }
  let tip = judgment.step + again.length
  for (const { step, batch } of laterSteps(recovery, old)) {
    if (step !== tip + 1) continue
    again.push(batch)
    tip++
  }
  // what was to be run again here, and did not come to its turn, waits for the next epoch
  return { ...opening, rerun: [...again, ...old.rerun.slice(Math.max(tip, through))], incomplete: false }
}

/** What the shows know of after the last final step: what they have, and what this epoch had to run again before that, of which a show has not room for all. */
function laterSteps(
  { closing, dropped, last, rerun, rerunSteps, through }: Recovery,
  old: OldEpoch,
): readonly { readonly step: number; readonly batch: Uint8Array }[] {
  if (closing !== undefined) return []
  const after = last?.step ?? 0
  return Array.from({ length: through - after }, (_, i) => after + 1 + i).flatMap((step) => {
    const isDropped = dropped !== undefined && step === through
    const batch = rerun[rerunSteps.indexOf(step)] ?? (isDropped ? undefined : old.rerun[step - 1])
    return batch === undefined ? [] : [{ step, batch }]
  })
}
