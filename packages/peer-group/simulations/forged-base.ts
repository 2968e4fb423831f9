import { bytesOfContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { certificateMessage, disputeMessage, type GroupEffect, revealMessage } from '../src/index.js'
import { job } from './jobs.js'
import type { Member } from './member.js'

/**
 * Colluders sign another certificate of a step before those that they hid, with a state that nobody came to, and bring what a victim said of the later one from there: nothing follows on that state, so a jury drops all
 * after it. Undefined: they can't, for no step before is named final by the later one.
 */
export function forgedBase(
  colluders: readonly Member[],
  { step, certificate, dissents }: GroupEffect & { readonly type: 'dispute' },
): Uint8Array | undefined {
  const known = colluders[0]?.group?.steps ?? []
  const later = known.find((one) => one.step === step)
  const base = known.find((one) => one.step < step - 1 && one.step <= (later?.certified.answer.final ?? 0))
  if (base === undefined) return undefined
  const { rank, batch, start, answer } = base.certified
  const root = bytesOfContentId(contentIdOf(sha256(batch.hash, new Uint8Array([1])), 'dag-cbor'))
  const place = { step: base.step, rank, batch: batch.hash }
  const reveals = [...colluders]
    .sort((a, b) => a.setup.members.indexOf(a.peer) - b.setup.members.indexOf(b.peer))
    .map((member) =>
      member.sign(revealMessage, { ...place, start: bytesOfContentId(start), salt: new Uint8Array(32), answer: { ...answer, root } }),
    )
  const at = { job: bytesOfContentId(job), epoch: 1 }
  const { batch: disputed } = certificateMessage.decode(certificate)
  const forged = certificateMessage.encode({ ...at, ...place, reveals })
  const evidence = { type: 'objection', statements: dissents } as const
  return disputeMessage.encode({ ...at, step, batch: disputed, base: forged, steps: [certificate], evidence })
}
