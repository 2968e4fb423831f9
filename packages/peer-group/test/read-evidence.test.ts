import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { readContradiction } from '../src/read-check.js'
import {
  judgeRead,
  openReadPair,
  type ReadContext,
  type ReadOutcome,
  responseDigest,
  sameReply,
  signReadContradiction,
  verifyReadContradiction,
} from '../src/read-evidence.js'
import { type SiteReply, siteReply } from '../src/site-reply.js'
import { type SiteRequest, siteRequest } from '../src/site-request.js'

const network = networkIdOf(encodeCbor(['genesis']))
const job = jobIdOf(contentIdOf(encodeCbor(['manifest']), 'dag-cbor'))
const [visitor, liar, checker, stranger] = [1, 2, 3, 4].map((seed) => createSigner(new Uint8Array(32).fill(seed))) as [
  Signer,
  Signer,
  Signer,
  Signer,
]
const start = contentIdOf(encodeCbor([]), 'dag-cbor')
const context: ReadContext = {
  network,
  job,
  runtime: 'php-1',
  epochs: [{ epoch: 3, members: [liar.peerId, checker.peerId], start }],
}
const page = { status: 200, headers: [{ name: 'content-type', value: 'text/html' }], body: new TextEncoder().encode('<p>true') }
const lie = { ...page, body: new TextEncoder().encode('<p>false') }
const truth: ReadOutcome = { ...page, writes: false }

function asked(changes: Partial<SiteRequest> = {}, signer = visitor): Uint8Array {
  const place = { from: signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16).fill(9), ms: 1_700_000_000_999 }
  const seen = { seenEpoch: 0, seenStep: 0, parts: [], method: 'GET', target: '/', host: 'wiki.localhost', https: false }
  return signMessage(siteRequest, { ...place, ...seen, headers: [], body: new Uint8Array(), ...changes }, signer, network)
}
function answered(request: Uint8Array, changes: Partial<SiteReply> = {}, signer = liar): Uint8Array {
  const value: SiteReply = {
    ...{ from: signer.publicKey, job: bytesOfContentId(job), request: sha256(request), ran: 'read', epoch: 3, step: 0 },
    ...{ state: bytesOfContentId(start), stale: false, certificate: null, named: null, proof: null, ...lie, ...changes },
  }
  return signMessage(siteReply, value, signer, network)
}
const evidenceOf = (request: Uint8Array, reply: Uint8Array, outcome = truth, runtime = 'php-1') =>
  signReadContradiction({ request, reply, runtime, outcome }, checker, network)

test('evidence says what to run again, and one’s own run says who lied', () => {
  const request = asked()
  const contradiction = verifyReadContradiction(evidenceOf(request, answered(request)), context)
  expect(contradiction).toMatchObject({ accuser: checker.peerId, pair: { answerer: liar.peerId, asker: visitor.peerId, state: start } })
  // whole seconds of the asker's time, and the hash of the request's id (design §6, Reads)
  expect(contradiction.rerun).toEqual({
    state: start,
    step: 0,
    runtime: 'php-1',
    timeMs: 1_700_000_000_000,
    seed: sha256(new Uint8Array(16).fill(9)),
  })
  expect(judgeRead(contradiction, truth)).toEqual([liar.peerId])
  expect(judgeRead(contradiction, { ...lie, writes: false })).toEqual([checker.peerId])
  expect(judgeRead(contradiction, { ...page, status: 404, writes: false })).toEqual([liar.peerId, checker.peerId])
})

test('an honest answer is the same only if status, headers in order, and body are, and nothing was changed', () => {
  const [a, b] = [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ]
  const reply = { ...page, headers: [a, b] }
  expect(sameReply(reply, { ...reply, writes: false })).toBe(true)
  for (const other of [{ status: 201 }, { headers: [b, a] }, { headers: [a] }, { body: new Uint8Array() }, { writes: true }]) {
    expect(sameReply(reply, { ...reply, writes: false, ...other }), JSON.stringify(other)).toBe(false)
  }
  expect(responseDigest({ status: 1, headers: [], body: Uint8Array.of(7) })).toEqual(sha256(encodeCbor([1, [], Uint8Array.of(7)])))
})

test('a read that changes something may not be answered by one member: what it changed is the contradiction', () => {
  const request = asked()
  const contradiction = verifyReadContradiction(evidenceOf(request, answered(request, page), { ...page, writes: true }), context)
  expect(judgeRead(contradiction, { ...page, writes: true })).toEqual([liar.peerId])
  expect(judgeRead(contradiction, truth)).toEqual([checker.peerId])
})

const request = asked()
test.each<[string, Uint8Array, Uint8Array]>([
  ['a reply to another request', request, answered(asked({ id: new Uint8Array(16) }))],
  ['a reply about another site', request, answered(request, { job: bytesOfContentId(start) })],
  ['what the group agreed on', request, answered(request, { ran: 'write' })],
  ['a refusal', request, answered(request, { ran: 'refused' })],
  ['what says that it is stale', request, answered(request, { stale: true })],
  ['no read', asked({ method: 'POST' }), answered(asked({ method: 'POST' }))],
  ['a request that its asker did not sign', signedAs(request), answered(signedAs(request))],
  ['a reply that the member did not sign', request, signedAs(answered(request))],
  ['bytes', request, new Uint8Array(9)],
])('no pair: %s', (_, one, other) => {
  expect(() => openReadPair(one, other, network)).toThrow(expect.objectContaining({ code: 'READ_PAIR_INVALID' }))
})
/** The same words under a signature that is not theirs. */
function signedAs(envelope: Uint8Array): Uint8Array {
  const other = envelope.slice()
  other[other.length - 1] = (other[other.length - 1] as number) ^ 1
  return other
}

test('the state that the chain names needs no certificate: whichever came along, of the epoch before perhaps, says nothing more', () => {
  const evidence = evidenceOf(request, answered(request, { certificate: new Uint8Array(9) }))
  expect(verifyReadContradiction(evidence, context).rerun.state).toBe(start)
})

test.each<[string, Uint8Array, Partial<ReadContext>?]>([
  ['of another runtime', evidenceOf(request, answered(request), truth, 'php-2')],
  ['against who has no seat', evidenceOf(request, answered(request, { from: stranger.publicKey }, stranger))],
  [
    'on a state that nobody certified',
    evidenceOf(request, answered(request, { state: bytesOfContentId(contentIdOf(encodeCbor([1]), 'dag-cbor')) })),
  ],
  [
    'with a certificate that is none, of a state that the chain does not name',
    evidenceOf(
      request,
      answered(request, { certificate: new Uint8Array(9), state: bytesOfContentId(contentIdOf(encodeCbor([1]), 'dag-cbor')) }),
    ),
  ],
  ['on a start that is not known', evidenceOf(request, answered(request)), { epochs: [{ epoch: 3, members: [liar.peerId], start: null }] }],
  ['about another site', evidenceOf(request, answered(request)), { job: jobIdOf(start) }],
  ['of another network', evidenceOf(request, answered(request)), { network: networkIdOf(encodeCbor(['other'])) }],
  ['without a contradiction', evidenceOf(request, answered(request, page))],
  ['that its author did not sign', signedAs(evidenceOf(request, answered(request)))],
  [
    'in another’s name',
    ((): Uint8Array => {
      const said = { from: liar.publicKey, runtime: 'php-1', request, reply: answered(request), found: responseDigest(page), writes: false }
      return signMessage(readContradiction, said, checker, network)
    })(),
  ],
])('no evidence: %s', (_, envelope, changes = {}) => {
  expect(() => verifyReadContradiction(envelope, { ...context, ...changes })).toThrow(
    expect.objectContaining({ code: 'READ_EVIDENCE_INVALID' }),
  )
})

test('what is too large to pass on is no evidence', () => {
  const long = answered(request, { body: new Uint8Array(1024 * 1024) })
  expect(() => evidenceOf(request, long)).toThrow(expect.objectContaining({ name: 'WireError' }))
})
