import { bytesOfContentId, contentIdOf, jobIdOf, type Signer, sha256 } from '@interpeer/crypto-ids'
import {
  accusationMessage,
  accusationVerdict,
  certificateMessage,
  createVerification,
  type DisputeContext,
  disputeMessage,
  firstStateBlock,
  judge,
  openJuror,
  openOwnAccusation,
  openReadAccusation,
  ownTrialOf,
  readContradiction,
  readState,
  revealMessage,
  stepJuror,
  verdictMessage,
  verifyDispute,
  verifyVerdicts,
  withShown,
} from '@interpeer/peer-group'
import { encodeWith } from '@interpeer/wire-codec'
import { batchMessage } from '../../../packages/peer-group/src/batch.js'
import { JUROR_RECORD_MAX_BYTES, jurorRecordSchema } from '../../../packages/peer-group/src/jury/messages.js'
import { dissentMessage, sealMessage, timeoutMessage, withheldMessage } from '../../../packages/peer-group/src/messages.js'
import type { Target } from '../src/target.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const GROUP = ['PeerGroupError']
const NOW_MS = 1_700_000_000_000
const members = [1, 2, 3, 4].map(signerNamed)
const jurors = [5, 6, 7, 8].map(signerNamed)
const juror = jurors[0] as Signer
const jobId = jobIdOf(contentIdOf(Uint8Array.of(0x81, 0x01), 'dag-cbor'))
const job = bytesOfContentId(jobId)
const start = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const context: DisputeContext = {
  network,
  job: jobId,
  epoch: 1,
  members: members.map(({ peerId }) => peerId),
  start: start.cid,
}
const verification = createVerification(network)

const batch = batchMessage.encode({
  ...batchMessage.decode(samplesOf(batchMessage.schema)[0] as Uint8Array),
  job,
  epoch: 1,
  step: 1,
  from: bytesOfContentId(start.cid),
  final: 0,
  disputed: 0,
  dissents: [],
})
const place = { job, epoch: 1, step: 1, rank: 0, batch: sha256(batch) }
const reveal = revealMessage.decode(samplesOf(revealMessage.schema)[0] as Uint8Array)
const answer = { ...reveal.answer, root: bytesOfContentId(start.cid), final: 0, disputed: 0 }
const certificate = certificateMessage.encode({
  ...place,
  reveals: members.slice(0, 3).map((member) => {
    const value = { ...reveal, ...place, start: bytesOfContentId(start.cid), from: member.publicKey, answer }
    return signedBytes(revealMessage, revealMessage.encode(value), member)
  }),
})
const dissenter = members[3] as Signer
const pair = { job: jobId, epoch: 1, accuser: (members[0] as Signer).peerId, accused: dissenter.peerId }
const differing = { ...answer, fuel: answer.fuel === 1 ? 2 : 1 }
const dissent = signedBytes(
  dissentMessage,
  dissentMessage.encode({ ...place, from: dissenter.publicKey, start: bytesOfContentId(start.cid), answer: differing }),
  dissenter,
)
const good = disputeMessage.encode({
  ...{ job, epoch: 1, step: 1, batch: sha256(batch), base: null, steps: [certificate] },
  evidence: { type: 'objection', statements: [dissent] },
})
const dispute = verifyDispute(good, context, verification)
const jury = jurors.map(({ peerId }) => peerId)
const jurorSetup = { context, dispute, jury, rerun: [], fetchUntilMs: NOW_MS + 1_000, answerUntilMs: NOW_MS + 2_000 }
const asked = stepJuror(openJuror(jurorSetup, juror, NOW_MS, undefined, verification).state, {
  ...{ type: 'state', root: start.cid, block: start.bytes, pages: [], nowMs: NOW_MS },
}).state

/** The same message as `signer` says it about the disputed batch: what names the place is set right, so that what is in the rest is looked at. */
function said(message: AnyMessage, input: Uint8Array, signer: Signer): Uint8Array {
  try {
    const value = { ...(message.decode(input) as object), ...place, from: signer.publicKey }
    const whole = 'start' in value ? { ...value, start: bytesOfContentId(start.cid) } : value
    return signedBytes(message, message.encode(whole), signer)
  } catch {
    return signedBytes(message, input, signer)
  }
}
/** Evidence whose messages are signed by members, one each. */
function withSigned(input: Uint8Array): Uint8Array {
  const value = disputeMessage.decode(input)
  const by = (message: AnyMessage) => (one: Uint8Array, i: number) => said(message, one, members[(i + 3) % 4] as Signer)
  const { evidence } = value
  const signed =
    evidence.type === 'objection'
      ? { ...evidence, statements: evidence.statements.map((one, i) => by(i % 2 === 0 ? dissentMessage : withheldMessage)(one, i)) }
      : evidence.type === 'split'
        ? { ...evidence, reveals: evidence.reveals.map(by(revealMessage)) }
        : { ...evidence, seals: evidence.seals.map(by(sealMessage)), timeouts: evidence.timeouts.map(by(timeoutMessage)) }
  const steps = evidence.type === 'objection' ? [certificate] : []
  return disputeMessage.encode({ ...value, job, epoch: 1, step: 1, batch: sha256(batch), base: null, steps, evidence: signed })
}
const disputes = (): readonly Uint8Array[] => {
  const bytes = (message: AnyMessage) => samplesOf(message.schema)[0] as Uint8Array
  const four = <T>(value: T): readonly T[] => [value, value, value, value]
  const value = disputeMessage.decode(good)
  return [
    good,
    ...[
      { type: 'objection', statements: [bytes(dissentMessage)] } as const,
      { type: 'split', rank: 0, reveals: samplesOf(revealMessage.schema).slice(0, 4) } as const,
      { type: 'bound', rank: 0, seals: four(bytes(sealMessage)), timeouts: four(bytes(timeoutMessage)) } as const,
    ].map((evidence) => disputeMessage.encode({ ...value, evidence })),
    ...samplesOf(disputeMessage.schema),
  ]
}

/** A verdict of a juror about this dispute, with whatever finding. */
function verdictOf(input: Uint8Array): Uint8Array {
  const value = { ...verdictMessage.decode(input), job, epoch: 1, dispute: dispute.id, from: juror.publicKey }
  return signedBytes(verdictMessage, verdictMessage.encode(value), juror)
}

const firstVerdict = samplesOf(verdictMessage.schema)[0] as Uint8Array

export const peerGroupJury: readonly Target[] = [
  ...[disputeMessage, verdictMessage, accusationMessage, accusationVerdict].map((message) => messageTarget('peer-group', message)),
  {
    name: 'peer-group/dispute',
    file: 'packages/peer-group/src/jury/dispute.ts',
    errors: GROUP,
    run: (input) => void verifyDispute(input, context, verification),
    seeds: disputes,
  },
  {
    name: 'peer-group/dispute-evidence',
    file: 'packages/peer-group/src/jury/evidence.ts',
    errors: ['PeerGroupError', 'WireError'],
    run: (input) => void verifyDispute(withSigned(input), context, verification),
    seeds: disputes,
  },
  {
    name: 'peer-group/shown-certificate',
    file: 'packages/peer-group/src/jury/shown.ts',
    errors: GROUP,
    run: (input) => void withShown(dispute, [input], context, verification),
    seeds: () => [certificate],
  },
  {
    name: 'peer-group/verdict',
    file: 'packages/peer-group/src/jury/verdict.ts',
    errors: ['WireError'],
    run: (input) => {
      const verdicts = [input, verdictOf(input)].map((envelope) => ({ envelope, atMs: NOW_MS }))
      const trial = { jury, ratings: new Map(), verdicts, deadlineMs: NOW_MS, nowMs: NOW_MS }
      judge(withShown(dispute, [], context, verification), trial, context, verification)
    },
    seeds: () => samplesOf(verdictMessage.schema),
  },
  {
    name: 'peer-group/two-verdicts',
    file: 'packages/peer-group/src/jury/faults.ts',
    errors: ['WireError'],
    run: (input) => {
      verifyVerdicts([input, verdictOf(input)], context, verification)
      verifyVerdicts([verdictOf(input), input], context, verification)
      verifyVerdicts([verdictOf(input), verdictOf(firstVerdict)], context, verification)
    },
    seeds: () => samplesOf(verdictMessage.schema),
  },
  {
    name: 'peer-group/read-accusation',
    file: 'packages/peer-group/src/jury/accusation.ts',
    errors: [],
    run: (input) => void openReadAccusation(input, pair, { network, job: jobId, runtime: 'php', epochs: [context] }, verification),
    seeds: () => samplesOf(readContradiction.schema).map((one) => signedBytes(readContradiction, one, members[0] as Signer)),
  },
  {
    name: 'peer-group/own-accusation',
    file: 'packages/peer-group/src/jury/own-accusation.ts',
    errors: [],
    run: (input) => {
      const own = openOwnAccusation(said(revealMessage, input, dissenter), pair, context, verification)
      openOwnAccusation(input, pair, context, verification)
      if (own !== undefined) ownTrialOf({ ...own, batch: sha256(input) }, input, readState(start.bytes, []), context, verification)
    },
    seeds: () => [batch, ...samplesOf(revealMessage.schema)],
  },
  {
    name: 'peer-group/juror-record',
    file: 'packages/peer-group/src/jury/juror-record.ts',
    errors: GROUP,
    run: (input) => void openJuror(jurorSetup, juror, NOW_MS, input, verification),
    seeds: () =>
      samplesOf(verdictMessage.schema)
        .map(verdictOf)
        .map((verdict) => encodeWith(jurorRecordSchema, { version: 1, dispute: dispute.id, verdict }, JUROR_RECORD_MAX_BYTES)),
  },
  {
    name: 'peer-group/juror-batch',
    file: 'packages/peer-group/src/jury/juror-case.ts',
    errors: [],
    run: (input) => {
      // the batch of the dispute is whatever came: as if q members had certified its hash
      const of = { ...asked, steps: asked.steps.map((one) => ({ ...one, batch: sha256(input) })) }
      const { state } = stepJuror(of, { type: 'batch', bytes: input, nowMs: NOW_MS })
      const cids = [...state.batches.values()].flatMap(({ known }) => known?.requests ?? []).map(({ cid }) => cid)
      stepJuror(state, { type: 'bodies', cids, nowMs: NOW_MS })
    },
    seeds: () => [batch, ...samplesOf(batchMessage.schema)],
  },
  {
    name: 'peer-group/juror-state',
    file: 'packages/peer-group/src/jury/juror.ts',
    errors: [],
    run: (input) => {
      const { state } = openJuror(jurorSetup, juror, NOW_MS, undefined, verification)
      stepJuror(state, { type: 'state', root: start.cid, block: input, pages: [], nowMs: NOW_MS })
    },
    seeds: () => [start.bytes],
  },
]
