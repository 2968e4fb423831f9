import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  type NetworkId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { groupQuorum, type Job } from '@interpeer/job-scheduler'
import { type Answer, batchMessage, certificateMessage, type Payment, revealMessage, showMessage } from '@interpeer/peer-group'
import { epochCloseTransaction } from '../src/network/index.js'

export const FILES: ContentId = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
const zeros = new Uint8Array(32)
const STEP = 2
const rootOf = (epoch: number): Uint8Array => bytesOfContentId(contentIdOf(Uint8Array.of(0x81, epoch), 'dag-cbor'))

/** What a quorum of a group can sign at the end of its epoch, and bring to the chain: what its scripts paid, and who was there. Undefined: too few are. */
export function closingTransaction(
  { job, epoch, next, paid }: Job,
  { payments = [], present = epoch.members }: { readonly payments?: readonly Payment[]; readonly present?: readonly PeerId[] },
  signerOf: (peer: PeerId) => Signer,
  network: NetworkId,
): Uint8Array | undefined {
  if (present.length < groupQuorum(epoch.members.length)) return undefined
  const place = { job: bytesOfContentId(job), epoch: epoch.number, step: STEP }
  const start = rootOf(epoch.number)
  const quorum = present.slice(0, groupQuorum(epoch.members.length)).map(signerOf)
  const counted = { final: STEP - 1, disputed: 0 }
  const batch = batchMessage.encode({
    ...place,
    ancestors: [],
    from: start,
    collator: (quorum[0] as Signer).publicKey,
    timeMs: next?.atMs ?? 0,
    proof: new Uint8Array(80),
    requests: [],
    events: [],
    ...counted,
    dissents: [],
    closing: true,
    settled: paid,
    mayPay: epoch.mayPay,
    payments,
    outcomes: epoch.members.map((peer) => {
      const agreed = Number(present.includes(peer))
      return { agreed, late: 0, absent: 1 - agreed, contradicted: 0, unresolved: 0 }
    }),
  })
  const answer: Answer = { root: start, responses: zeros, effects: zeros, fuel: 0, own: zeros, ...counted }
  const reveals = quorum.map((signer) => {
    const value = { ...place, rank: 0, batch: sha256(batch), from: signer.publicKey, start, salt: zeros, answer }
    return signMessage(revealMessage, value, signer, network)
  })
  return epochCloseTransaction(job, certificateMessage.encode({ ...place, rank: 0, batch: sha256(batch), reveals }), batch)
}

/** What a member shows in a recovery that holds nothing of its epoch. */
export function emptyShow({ job, epoch }: Job, signer: Signer, network: NetworkId): Uint8Array {
  const held = { steps: [], bound: null, boundBatch: null, reveal: null, seen: 0 }
  const value = { job: bytesOfContentId(job), epoch: epoch.number, from: signer.publicKey, ...held }
  return signMessage(showMessage, value, signer, network)
}
