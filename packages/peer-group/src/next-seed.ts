import { seedAlpha } from './batch.js'
import type { Group } from './group-state.js'
import { collatorOrder } from './quorum.js'

/**
 * What a member will prove the seed of the next step with, where it collates that step first; undefined where another does. Nothing of the open step changes it, so
 * the shell may compute the proof while it waits for others (`vrfProve` of the signer that the group was opened with): it takes some ms, and all others wait for it.
 */
export function nextSeedAlpha({ setup, phase, seat, open }: Pick<Group, 'setup' | 'phase' | 'seat' | 'open'>): Uint8Array | undefined {
  const step = open.step + 1
  if (phase !== 'open' || seat < 0 || collatorOrder(setup.chainSeed, step, setup.members.length)[0] !== seat) return undefined
  return seedAlpha(setup.network, setup.job, setup.epoch, step)
}
