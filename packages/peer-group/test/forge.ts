import { bytesOfContentId, type PeerId, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { network, signerAt } from '../simulations/jobs.js'
import { type Batch, seedAlpha, writeBatch } from '../src/batch.js'
import { stepGroup } from '../src/index.js'
import { type Proposal, proposalMessage, sealMessage } from '../src/messages.js'
import type { Desk } from './desk.js'

/**
 * What these members say to a first proposal of their open step: as its collator would make it, but for what is changed. `sealed` where it is sealed. Told to
 * copies of them: the desk goes on as if nothing had been said. The collator itself is not asked.
 */
export function refusals(desk: Desk, members: readonly number[], changes: Partial<Batch>): readonly string[] {
  const asked = members.filter((member) => desk.order(desk.group(member).open.step)[0] !== member)
  return [...new Set(asked.map((member) => refusal(desk, member, changes)))]
}

/** A first proposal of a member's open step, as its collator would make it, but for what is changed. */
export function proposalTo(
  desk: Desk,
  member: number,
  changes: Partial<Batch>,
  beside: Partial<Proposal> = {},
): { readonly from: PeerId; readonly envelope: Uint8Array } {
  const { base, open } = desk.group(member)
  const [last] = desk.group(member).steps.slice(-1)
  if (last === undefined) throw new Error('nothing is certified')
  const signer = signerAt(desk.order(open.step)[0] as number)
  const { network: of, job, epoch } = desk.setup
  const batch = writeBatch({
    ...last.certified.batch.value,
    step: open.step,
    ancestors: base.ancestors,
    from: bytesOfContentId(base.root),
    collator: signer.publicKey,
    timeMs: Math.max(desk.nowMs, base.timeMs + 1),
    proof: signer.vrfProve(seedAlpha(of, job, epoch, open.step)),
    requests: [],
    events: [],
    ...changes,
  })
  const place = { job: bytesOfContentId(job), epoch, step: open.step, rank: 0, from: signer.publicKey }
  const fields = { ...place, batch: batch.bytes, timeouts: [], tallies: [], unanimous: [], ...beside }
  return { from: signer.peerId, envelope: signMessage(proposalMessage, fields, signer, network) }
}

function refusal(desk: Desk, member: number, changes: Partial<Batch>): string {
  const { effects } = stepGroup(desk.group(member), { type: 'message', ...proposalTo(desk, member, changes), nowMs: desk.nowMs })
  const sealed = effects.some((effect) => effect.type === 'send' && peekMessageNumber(effect.envelope) === sealMessage.number)
  return effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))[0] ?? (sealed ? 'sealed' : 'waits')
}
