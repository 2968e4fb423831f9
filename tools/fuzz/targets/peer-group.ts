import { bytesOfContentId, contentIdOf, jobIdOf, sha256 } from '@interpeer/crypto-ids'
import {
  answeredBy,
  batchMessage,
  certificateMessage,
  createVerification,
  finalMessage,
  firstStateBlock,
  type GroupSetup,
  openGroup,
  openShadow,
  outboxReport,
  outboxRequestSchema,
  readBatch,
  readState,
  readStateBlock,
  recordReferences,
  recoverFrom,
  revealMessage,
  showMessage,
  stepGroup,
  stepShadow,
  verifyCertificate,
  verifyClosing,
  verifyFault,
  verifyReveals,
  withoutEvent,
} from '@interpeer/peer-group'
import { bytesMax, decodeWith, encodeWith, list } from '@interpeer/wire-codec'
import { readOutbox } from '../../../packages/peer/src/outbox-block.js'
import { agendaBlock, agendaSchema } from '../../../packages/peer-group/src/agenda/agenda.js'
import { dueEvents } from '../../../packages/peer-group/src/agenda/due.js'
import { RECORD_MAX_BYTES, RECORD_VERSION, readRecord, recordSchema } from '../../../packages/peer-group/src/durable.js'
import {
  askMessage,
  commitSetMessage,
  dissentHeldMessage,
  dissentMessage,
  lateMessage,
  offerMessage,
  proposalMessage,
  sealMessage,
  tallyMessage,
  timeoutMessage,
  withheldMessage,
} from '../../../packages/peer-group/src/messages.js'
import { pageSchema, stateSchema } from '../../../packages/peer-group/src/state-block.js'
import { assertSame, Broken, type Target } from '../src/target.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const WIRE = ['WireError']
const GROUP = ['PeerGroupError']
const NOW_MS = 1_700_000_000_000
const received: readonly AnyMessage[] = [
  offerMessage,
  proposalMessage,
  sealMessage,
  commitSetMessage,
  revealMessage,
  timeoutMessage,
  finalMessage,
  askMessage,
  tallyMessage,
  dissentMessage,
  withheldMessage,
  dissentHeldMessage,
  lateMessage,
]

const members = [1, 2, 3, 4].map(signerNamed)
const self = members[0] as (typeof members)[0]
const sender = members[1] as (typeof members)[0]
const job = jobIdOf(contentIdOf(Uint8Array.of(0x81, 0x01), 'dag-cbor'))
const start = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const setup: GroupSetup = {
  network,
  job,
  epoch: 1,
  members: members.map(({ peerId }) => peerId),
  chainSeed: sha256(Uint8Array.of(1)),
  start: start.cid,
  rerun: [],
  settings: {},
}
const verification = createVerification(network)
const group = stepGroup(openGroup(setup, self, NOW_MS, undefined, verification).state, {
  type: 'state',
  root: start.cid,
  block: start.bytes,
  pages: [],
  nowMs: NOW_MS,
}).state

/** The message as another member signs it: what says which group and whose is set right, so that what is in the rest is looked at. */
function fromMember(message: AnyMessage, input: Uint8Array): Uint8Array {
  try {
    const value = { ...(message.decode(input) as object), job: bytesOfContentId(job), epoch: 1, from: sender.publicKey }
    return signedBytes(message, message.encode(('step' in value ? { ...value, step: 1 } : value) as never), sender)
  } catch {
    return signedBytes(message, input, sender)
  }
}

/** Reveals inside a certificate, each signed by another member. */
function withSignedReveals(input: Uint8Array): Uint8Array {
  const certificate = certificateMessage.decode(input)
  const reveals = certificate.reveals.map((reveal, i) => {
    const signer = members[i % members.length] as (typeof members)[0]
    try {
      const { step, rank, batch } = certificate
      const value = { ...revealMessage.decode(reveal), job: bytesOfContentId(job), epoch: 1, from: signer.publicKey, step, rank, batch }
      return signedBytes(revealMessage, revealMessage.encode(value), signer)
    } catch {
      return reveal
    }
  })
  return certificateMessage.encode({ ...certificate, job: bytesOfContentId(job), epoch: 1, reveals })
}
const certificates = (): readonly Uint8Array[] => {
  const [reveal] = samplesOf(revealMessage.schema)
  return samplesOf(certificateMessage.schema).map((sample) => {
    const certificate = certificateMessage.decode(sample)
    return certificateMessage.encode({ ...certificate, reveals: [1, 2, 3].map(() => reveal as Uint8Array) })
  })
}
/** What all members signed alike, over one batch of theirs. Whoever has a quorum can say anything: it must not end anyone's process. */
const agreedBatch = batchMessage.encode({
  ...batchMessage.decode(samplesOf(batchMessage.schema)[0] as Uint8Array),
  job: bytesOfContentId(job),
  epoch: 1,
  step: 1,
  from: bytesOfContentId(start.cid),
  requests: [],
  final: 0,
  disputed: 0,
  dissents: [],
  closing: false,
  events: [],
  settled: 0n,
  mayPay: 0n,
  outcomes: [],
  payments: [],
})
function agreedCertificate(input: Uint8Array, ofTheLast = input): Uint8Array {
  const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank: 0, batch: sha256(agreedBatch) }
  const reveals = members.map((member, seat) => {
    const said = revealMessage.decode(seat === members.length - 1 ? ofTheLast : input)
    const reveal = { ...said, ...place, start: bytesOfContentId(start.cid), from: member.publicKey }
    return signedBytes(revealMessage, revealMessage.encode(reveal), member)
  })
  return certificateMessage.encode({ ...place, reveals })
}
const finalOf = (certificate: Uint8Array, batch: Uint8Array): Uint8Array => {
  const value = { job: bytesOfContentId(job), epoch: 1, step: 1, from: sender.publicKey, certificate, batch }
  return signedBytes(finalMessage, finalMessage.encode(value), sender)
}
const goodReveal = ((): Uint8Array => {
  const sample = revealMessage.decode(samplesOf(revealMessage.schema)[0] as Uint8Array)
  return revealMessage.encode({ ...sample, answer: { ...sample.answer, root: bytesOfContentId(start.cid), final: 0, disputed: 0 } })
})()
/** A judged group's member that holds one provisional step, which it did not run itself. */
const judged: GroupSetup = { ...setup, jurors: members.length }
const provisional = ((): ReturnType<typeof stepGroup>['state'] => {
  const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank: 0, batch: sha256(agreedBatch) }
  const reveals = members.slice(1).map((member) => {
    const said = { ...revealMessage.decode(goodReveal), ...place, start: bytesOfContentId(start.cid), from: member.publicKey }
    return signedBytes(revealMessage, revealMessage.encode(said), member)
  })
  const envelope = finalOf(certificateMessage.encode({ ...place, reveals }), agreedBatch)
  const opened = openGroup(judged, self, NOW_MS, undefined, verification).state
  const ready = stepGroup(opened, { type: 'state', root: start.cid, block: start.bytes, pages: [], nowMs: NOW_MS }).state
  const { state } = stepGroup(ready, { type: 'message', from: sender.peerId, envelope, nowMs: NOW_MS })
  if (state.base.step !== 1) throw new Broken('the certificate of a quorum is not taken up')
  return state
})()
const isHash = (value: unknown): boolean => value instanceof Uint8Array && value.length === 32
/** The message as it is said of that step; a dissent handed on is signed by the last member. */
function ofTheProvisional(message: AnyMessage, input: Uint8Array): Uint8Array {
  const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank: 0, batch: sha256(agreedBatch), start: bytesOfContentId(start.cid) }
  const last = members[3] as (typeof members)[0]
  try {
    const value = { ...(message.decode(input) as object), from: sender.publicKey } as Record<string, unknown>
    for (const [name, part] of Object.entries(place)) if (name in value && (name !== 'batch' || isHash(value[name]))) value[name] = part
    if ('sealedStep' in value) {
      const sample = { ...dissentMessage.decode(samplesOf(dissentMessage.schema)[0] as Uint8Array), ...place, from: last.publicKey }
      value.dissent = signedBytes(dissentMessage, dissentMessage.encode(sample), last)
    }
    return signedBytes(message, message.encode(value as never), sender)
  } catch {
    return signedBytes(message, input, sender)
  }
}
const ownRecord = {
  ...decodeWith(recordSchema, samplesOf(recordSchema)[0] as Uint8Array),
  ...{ version: RECORD_VERSION, job: bytesOfContentId(job), epoch: 1, steps: [], final: 0, sealed: null, bound: null, boundBatch: null },
}
const records = (): readonly Uint8Array[] => [
  encodeWith(recordSchema, ownRecord),
  ...samplesOf(recordSchema).map((sample) =>
    encodeWith(recordSchema, { ...decodeWith(recordSchema, sample), version: RECORD_VERSION, job: bytesOfContentId(job), epoch: 1 }),
  ),
]
const evidence = list(bytesMax(2048), 4)

export const peerGroup: readonly Target[] = [
  ...received.map((message) => messageTarget('peer-group', message)),
  ...[certificateMessage, showMessage].map((message) => messageTarget('peer-group', message)),
  messageTarget('peer-group', batchMessage),
  messageTarget('peer-group', outboxReport),
  {
    name: 'peer-group/batch',
    file: 'packages/peer-group/src/batch.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => void readBatch(input),
    seeds: () => samplesOf(batchMessage.schema),
  },
  {
    name: 'peer-group/certificate',
    file: 'packages/peer-group/src/certificate.ts',
    errors: ['PeerGroupError', 'WireError'],
    run: (input) => void verifyReveals(withSignedReveals(input), setup, verification),
    seeds: certificates,
  },
  {
    name: 'peer-group/agreed-certificate',
    file: 'packages/peer-group/src/certificate.ts',
    errors: ['PeerGroupError', 'WireError'],
    run: (input) => {
      const certificate = agreedCertificate(input)
      const envelope = finalOf(certificate, agreedBatch)
      stepShadow(openShadow(setup, undefined, verification), { type: 'message', envelope })
      stepGroup(group, { type: 'message', from: sender.peerId, envelope, nowMs: NOW_MS })
      verifyCertificate(certificate, agreedBatch, setup, verification)
    },
    seeds: () => [goodReveal, ...samplesOf(revealMessage.schema)],
  },
  {
    name: 'peer-group/shadow',
    file: 'packages/peer-group/src/shadow.ts',
    errors: ['WireError'],
    run: (input) => {
      const { certificate, batch } = finalMessage.decode(input)
      stepShadow(openShadow(setup, undefined, verification), { type: 'message', envelope: finalOf(certificate, batch) })
    },
    seeds: () => {
      const value = finalMessage.decode(samplesOf(finalMessage.schema)[0] as Uint8Array)
      const certificate = agreedCertificate(goodReveal)
      return [finalMessage.encode({ ...value, certificate, batch: agreedBatch }), ...samplesOf(finalMessage.schema)]
    },
  },
  {
    name: 'peer-group/recovery',
    file: 'packages/peer-group/src/recovery.ts',
    errors: GROUP,
    run: (input) => void recoverFrom([fromMember(showMessage, input)], setup, [], verification),
    seeds: () => {
      const certificate = agreedCertificate(goodReveal)
      const dissent = fromMember(dissentMessage, samplesOf(dissentMessage.schema)[0] as Uint8Array)
      const steps = [{ certificate, batch: agreedBatch, dissents: [dissent] }]
      const value = {
        job: bytesOfContentId(job),
        epoch: 1,
        from: sender.publicKey,
        steps,
        bound: null,
        boundBatch: null,
        reveal: null,
        seen: 0,
      }
      const seal = samplesOf(sealMessage.schema)[0] as Uint8Array
      const bound = { rank: 0, batch: sha256(agreedBatch), seals: [1, 2, 3].map(() => fromMember(sealMessage, seal)) }
      const reveal = fromMember(revealMessage, samplesOf(revealMessage.schema)[0] as Uint8Array)
      return [
        showMessage.encode(value),
        showMessage.encode({ ...value, steps: [], bound, boundBatch: agreedBatch, reveal }),
        ...samplesOf(showMessage.schema),
      ]
    },
  },
  {
    name: 'peer-group/closing',
    file: 'packages/peer-group/src/certificate.ts',
    errors: GROUP,
    run: (input) => void verifyClosing(input.subarray(0, input.length / 2), input.subarray(input.length / 2), setup, verification),
    seeds: certificates,
  },
  {
    name: 'peer-group/fault',
    file: 'packages/peer-group/src/fault.ts',
    errors: WIRE,
    run: (input) => {
      const [first = new Uint8Array(), second = new Uint8Array()] = decodeWith(evidence, input)
      for (const message of received) verifyFault([fromMember(message, first), fromMember(message, second)], setup, verification)
    },
    seeds: () =>
      received
        .flatMap(({ schema }) =>
          samplesOf(schema)
            .slice(0, 4)
            .map((one) => [one, one]),
        )
        .map((two) => encodeWith(list(bytesMax(8192), 2), two)),
  },
  {
    name: 'peer-group/state-block',
    file: 'packages/peer-group/src/state-block.ts',
    errors: GROUP,
    run: (input) => void readStateBlock(input),
    seeds: () => [start.bytes, ...samplesOf(stateSchema)],
  },
  {
    name: 'peer-group/agenda',
    file: 'packages/peer-group/src/agenda/agenda.ts',
    errors: GROUP,
    run: (input) => {
      const agenda = bytesOfContentId(contentIdOf(input, 'dag-cbor'))
      const block = encodeWith(stateSchema, { files: bytesOfContentId(start.cid), fresh: false, agenda, pages: [] })
      const held = readState(block, [input])
      assertSame(agendaBlock(held.agenda).bytes, input, 'it is read, and written otherwise')
      let left = held.agenda
      for (const event of dueEvents(left, Number.MAX_SAFE_INTEGER)) left = withoutEvent(left, event, NOW_MS)
      if (left.timers.length + left.outbox.length > 0) throw new Broken('an event that is never due')
    },
    seeds: () => samplesOf(agendaSchema).filter((bytes) => bytes.length > 4),
  },
  {
    name: 'peer-group/outbox-request',
    file: 'packages/peer/src/outbox-block.ts',
    errors: [...WIRE, 'CryptoError'],
    run: (input) => void readOutbox(() => input, contentIdOf(input, 'dag-cbor')),
    seeds: () => samplesOf(outboxRequestSchema),
  },
  {
    name: 'peer-group/state-pages',
    file: 'packages/peer-group/src/state-block.ts',
    errors: GROUP,
    run: (input) => {
      const pages = [contentIdOf(input, 'dag-cbor')].map(bytesOfContentId)
      const held = readState(encodeWith(stateSchema, { files: bytesOfContentId(start.cid), fresh: false, agenda: null, pages }), [input])
      if (held.pages.some(({ requests }) => requests.some(({ name }) => answeredBy(held, name)?.name !== name)))
        throw new Broken('a request of the page is not found')
    },
    seeds: () => samplesOf(pageSchema).filter((bytes) => bytes.length > 1),
  },
  {
    name: 'peer-group/record',
    file: 'packages/peer-group/src/durable.ts',
    errors: GROUP,
    maxBytes: RECORD_MAX_BYTES,
    run: (input) => {
      const record = readRecord(input, bytesOfContentId(job), 1)
      assertSame(encodeWith(recordSchema, record, 2 ** 23), input, 'it is read, and written otherwise')
      openGroup(setup, self, NOW_MS, input, verification)
    },
    seeds: records,
  },
  {
    name: 'peer-group/record-references',
    file: 'packages/peer-group/src/references.ts',
    errors: GROUP,
    run: (input) => void recordReferences(input, job, 1),
    seeds: records,
  },
  {
    name: 'peer-group/kept-certificate',
    file: 'packages/peer-group/src/references.ts',
    errors: ['PeerGroupError', 'WireError'],
    run: (input) => {
      const certificate = agreedCertificate(goodReveal, input)
      verifyCertificate(certificate, agreedBatch, setup, verification)
      const steps = [{ certificate, batch: agreedBatch, dissents: [] }]
      const record = encodeWith(recordSchema, { ...ownRecord, steps }, 2 ** 23)
      try {
        recordReferences(record, job, 1)
      } catch (cause) {
        throw new Broken('a certificate is taken, and a record that holds it is not', { cause })
      }
    },
    seeds: () => [goodReveal, ...samplesOf(revealMessage.schema)],
  },
  {
    name: 'peer-group/unsigned',
    file: 'packages/peer-group/src/group.ts',
    errors: [],
    run: (input) => void stepGroup(group, { type: 'message', from: sender.peerId, envelope: input, nowMs: NOW_MS }),
  },
  ...[dissentMessage, withheldMessage, dissentHeldMessage, lateMessage, revealMessage, finalMessage, proposalMessage].map(
    (message): Target => {
      return {
        name: `peer-group/${message.name}-of-a-provisional-step`,
        file: 'packages/peer-group/src/dissent.ts',
        errors: [],
        run: (input) => {
          const envelope = ofTheProvisional(message, input)
          stepGroup(provisional, { type: 'message', from: sender.peerId, envelope, nowMs: NOW_MS })
        },
        seeds: () => samplesOf(message.schema),
      }
    },
  ),
  ...received.map((message): Target => {
    return {
      name: `peer-group/${message.name}-received`,
      file: 'packages/peer-group/src/group.ts',
      errors: [],
      run: (input) => void stepGroup(group, { type: 'message', from: sender.peerId, envelope: fromMember(message, input), nowMs: NOW_MS }),
      seeds: () => samplesOf(message.schema),
    }
  }),
]
