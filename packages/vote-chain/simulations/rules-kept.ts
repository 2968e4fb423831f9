import { peekPayload } from '@interpeer/crypto-ids'
import { nameOfHash } from '../src/bundles.js'
import type { ChainState } from '../src/index.js'
import { voteMessage } from '../src/messages.js'
import type { Bundle } from '../src/state.js'

/**
 * What an honest peer did in one step that no peer may do with what it knows (rules 3, 6 and 7 of docs/protocol/vote-chain.md); undefined: nothing. A peer that does it forks the chain only with much
 * bad luck, so it is looked at here.
 */
export function brokenRule<S>(before: ChainState<S>, after: ChainState<S>): string | undefined {
  if (before.tip.height !== after.tip.height) return undefined
  const { round, reasons } = after
  const known = new Set(Object.values(before.reasons))
  for (const bundle of Object.values(reasons)) {
    if (!known.has(bundle) && !isOfOneStep(bundle)) return 'an honest peer took votes of other rounds for a quorum'
  }
  for (const decided of after.decided) {
    if (decided.round !== round || before.decided.includes(decided)) continue
    const isAllowed = round === 0 || reasons.none !== undefined || reasons.value?.block === decided.block
    if (decided.kind === 'soft' && !isAllowed) return 'an honest peer voted for a block that nothing allowed in its round'
    // what it learned in this same step it may have learned after it voted
    const wasBound = before.round === round && before.reasons.value !== undefined && reasons.none === undefined
    if (decided.kind === 'next' && decided.block === null && wasBound)
      return 'an honest peer ended a round for none, though the one before was ended for a block'
  }
  return undefined
}
function isOfOneStep({ round, kind, attempt, block, votes }: Bundle): boolean {
  return votes.every((envelope) => {
    const vote = voteMessage.decode(peekPayload(envelope) as Uint8Array)
    return vote.round === round && vote.kind === kind && vote.attempt === attempt && nameOfHash(vote.block) === block
  })
}
