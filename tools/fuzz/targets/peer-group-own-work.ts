import { bytesOfContentId, contentIdOf, jobIdOf, sha256 } from '@interpeer/crypto-ids'
import {
  batchMessage,
  certificateMessage,
  challengeMessage,
  challengeReplyMessage,
  createVerification,
  firstStateBlock,
  type GroupContext,
  openOwnWork,
  ownPart,
  revealMessage,
  stepOwnWork,
  verifyOwnFault,
} from '@interpeer/peer-group'
import { bytesMax, decodeWith, encodeWith, list } from '@interpeer/wire-codec'
import type { ChallengeReply } from '../../../packages/peer-group/src/own-work/messages.js'
import { chunkFits, drawnIndices, PATH_MAX, showChunks } from '../../../packages/peer-group/src/own-work/own-part.js'
import { Broken, type Target } from '../src/target.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const NOW_MS = 1_700_000_000_000
const members = [1, 2, 3, 4].map(signerNamed)
const self = members[0] as (typeof members)[0]
const sender = members[1] as (typeof members)[0]
const job = jobIdOf(contentIdOf(Uint8Array.of(0x81, 0x01), 'dag-cbor'))
const context: GroupContext = { network, job, epoch: 1, members: members.map(({ peerId }) => peerId) }
const files = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
const start = bytesOfContentId(firstStateBlock(files).cid)
const transcript = new Uint8Array(5_000).map((_, i) => i)
const verification = createVerification(network)

const batch = batchMessage.encode({
  ...batchMessage.decode(samplesOf(batchMessage.schema)[0] as Uint8Array),
  ...{
    job: bytesOfContentId(job),
    epoch: 1,
    step: 1,
    from: start,
    closing: false,
    events: [],
    settled: 0n,
    mayPay: 0n,
    outcomes: [],
    payments: [],
    final: 0,
    disputed: 0,
    dissents: [],
  },
  requests: [{ id: new Uint8Array(16), ms: NOW_MS, cid: start }],
})
const at = { job: bytesOfContentId(job), epoch: 1, step: 1, batch: sha256(batch) }
const placeOf = (key: Uint8Array) => ({ ...context, step: 1, batch: at.batch, key })
const reveals = members.map(({ publicKey }, seat) => {
  const sample = revealMessage.decode(samplesOf(revealMessage.schema)[0] as Uint8Array)
  const answer = { ...sample.answer, root: start, final: 0, disputed: 0, own: ownPart(transcript, placeOf(publicKey)) }
  const value = { ...sample, ...at, rank: 0, start, from: publicKey, answer }
  return signedBytes(revealMessage, revealMessage.encode(value), members[seat] as typeof self)
})
const certificate = certificateMessage.encode({ ...at, rank: 0, reveals })
/** A member that has run a step, made final, and challenged another. */
const watch = ((): ReturnType<typeof openOwnWork> => {
  const ran = { type: 'ran', batch: at.batch, files, responses: [], transcript, nowMs: NOW_MS } as const
  const final = { type: 'final', certificate, batch, files, responses: [], nowMs: NOW_MS } as const
  for (let seed = 0; seed < 64; seed++) {
    const opened = openOwnWork(context, self, new Uint8Array(32).fill(seed), { challengePerMille: 1_000 }, verification)
    const { state } = stepOwnWork(stepOwnWork(opened, ran).state, final)
    if (state.asked.has(1)) return state
  }
  throw new Error('no dice that draw the sender')
})()
const draws = watch.asked.get(1)?.draws ?? []
const shown = showChunks(transcript, placeOf(sender.publicKey), draws)

/** A reply as the challenged signs it. What says which step it is for is set right, and what was drawn; or that too, but for chunks and paths. */
function replies(input: Uint8Array): readonly Uint8Array[] {
  const said = challengeReplyMessage.decode(input)
  const indices = drawnIndices(draws, said.length)
  const chunks = indices.map((index, i) => ({ ...(said.chunks[i] ?? { bytes: new Uint8Array(), path: [] }), index }))
  const almost = shown.chunks.map((chunk, i) => ({ ...chunk, ...(said.chunks[i] === undefined ? {} : { bytes: said.chunks[i].bytes }) }))
  const bent = shown.chunks.map((chunk, i) => ({ ...chunk, path: said.chunks[i]?.path ?? chunk.path }))
  const right = { ...at, from: sender.publicKey, start, own: shown.own, length: transcript.length }
  const values: readonly ChallengeReply[] = [
    { ...said, ...right, length: said.length, chunks },
    { ...right, chunks: almost },
    { ...right, chunks: bent },
  ] as never
  return values.map((value) => signedBytes(challengeReplyMessage, challengeReplyMessage.encode(value), sender))
}
/** As the sender says it of that step, so that what is in the rest is looked at. */
function asSender(message: AnyMessage, input: Uint8Array): Uint8Array {
  const value = { ...(message.decode(input) as object), ...at, from: sender.publicKey }
  return signedBytes(message, message.encode(value as never), sender)
}
const tell = (envelope: Uint8Array) => stepOwnWork(watch, { type: 'message', from: sender.peerId, envelope, nowMs: NOW_MS })
const isOf = (message: AnyMessage, [first, head, next]: Uint8Array): boolean =>
  first !== undefined && message.number === (head === 0x18 ? next : head)
const envelopes = list(bytesMax(8192), 2)
const spoken: readonly AnyMessage[] = [challengeMessage, challengeReplyMessage, revealMessage]

export const peerGroupOwnWork: readonly Target[] = [
  messageTarget('peer-group', challengeMessage),
  messageTarget('peer-group', challengeReplyMessage),
  {
    name: 'peer-group/group-challenge-received',
    file: 'packages/peer-group/src/own-work/challenges.ts',
    errors: ['WireError'],
    run: (input) => {
      const value = { ...challengeMessage.decode(input), ...at, from: sender.publicKey, to: self.publicKey }
      const { effects } = tell(signedBytes(challengeMessage, challengeMessage.encode(value), sender))
      for (const effect of effects) if (effect.type === 'claim') throw new Broken('a challenge proves something')
    },
    seeds: () => samplesOf(challengeMessage.schema),
  },
  {
    name: 'peer-group/group-challenge-reply-received',
    file: 'packages/peer-group/src/own-work/own-work.ts',
    errors: ['WireError'],
    run: (input) => {
      for (const envelope of replies(input)) {
        for (const effect of tell(envelope).effects) {
          if (effect.type === 'claim' && verifyOwnFault(effect.evidence, context, undefined, verification) === undefined) {
            throw new Broken('what is claimed is not proven')
          }
        }
      }
    },
    seeds: () => samplesOf(challengeReplyMessage.schema),
  },
  {
    name: 'peer-group/chunk',
    file: 'packages/peer-group/src/own-work/own-part.ts',
    errors: ['WireError'],
    run: (input) => {
      const path = decodeWith(list(bytesMax(32), PATH_MAX), input)
      const chunk = shown.chunks[0] as (typeof shown.chunks)[0]
      const same = path.length === chunk.path.length && path.every((hash, i) => Buffer.compare(hash, chunk.path[i] as Uint8Array) === 0)
      if (chunkFits(shown.own, transcript.length, { ...chunk, path }, placeOf(sender.publicKey)) !== same)
        throw new Broken('another path fits')
    },
    seeds: () => [encodeWith(list(bytesMax(32), PATH_MAX), [...(shown.chunks[0]?.path ?? [])])],
  },
  {
    name: 'peer-group/own-fault',
    file: 'packages/peer-group/src/own-work/verify-own.ts',
    errors: ['WireError'],
    run: (input) => {
      const given = decodeWith(envelopes, input)
      const run = { answer: revealMessage.decode(samplesOf(revealMessage.schema)[0] as Uint8Array).answer, transcript }
      verifyOwnFault(given, context, run, verification)
      for (const message of spoken.filter((one) => given.every((bytes) => isOf(one, bytes)))) {
        const signed = given.map((one) => asSender(message, one))
        verifyOwnFault(signed, context, undefined, verification)
        verifyOwnFault(signed, context, run, verification)
      }
    },
    seeds: () =>
      spoken.flatMap(({ schema }) =>
        samplesOf(schema)
          .slice(0, 4)
          .flatMap((one) => [encodeWith(envelopes, [one]), encodeWith(envelopes, [one, one])]),
      ),
  },
]
