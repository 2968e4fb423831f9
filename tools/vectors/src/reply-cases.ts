import { bstr, type Key, keyOf, sha256 } from './cose.js'
import { certificateOf, encode, GROUP, memberKeys, type Place, revealEnvelope, sign } from './group.js'
import { pathOf, rootOf } from './hash-tree.js'
import { type Fields, hexOfWords, linkTo, named, sealOf, seedOfByte, uint } from './maker.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const [before, after] = [0x50, 0x60].map((first) => [0, 1, 2, 3].map((i) => keyOf(seedOfByte(first + i)))) as [Key[], Key[]]
const [START, STATE] = [linkTo('the group state that the epoch began from'), linkTo('the state after a step')]
const LATER = linkTo('the state after the next')
const BODY = hexOfWords('<p>hello')
const LONG = 'ab'.repeat(4_097)
const REQUEST = named('a signed request')
const HEADERS = [{ name: 'content-type', value: 'text/html' }]

/** The CID of the block of a response, as groups agree on it. */
function responseCid(changes: Fields = {}): string {
  const block = encode('site-response', {
    request: REQUEST,
    status: 200,
    headers: HEADERS,
    body: BODY,
    chunks: [],
    ...changes,
  })
  return `01711220${sha256(block)}`
}
const OTHERS = [linkTo('the response to another'), linkTo('the response to a third')]
const RESPONSES = [OTHERS[0] as string, responseCid(), OTHERS[1] as string]
const digest = (cids: readonly string[]): string => sealOf('interpeer-group-responses', [uint(cids.length), bstr(rootOf(cids))])
const proofOf = (cids: readonly string[], index: number) => ({ index, count: cids.length, path: pathOf(cids, index) })
const PROOF = proofOf(RESPONSES, 1)

/** A certificate of a step of an epoch, by so many of its members. */
function certificate(
  state: string,
  {
    epoch = GROUP.epoch,
    by = keys,
    responses = RESPONSES,
    step = 5,
    final = step - 1,
  }: { epoch?: number; by?: readonly Key[]; responses?: readonly string[]; step?: number; final?: number } = {},
): string {
  const place: Place = { step, rank: 0, batch: named(`the batch of ${step} in ${epoch}`) }
  const reveals = by.map((key) => revealEnvelope(key, place, { epoch, answer: { root: state, responses: digest(responses), final } }))
  return certificateOf(place, reveals, { epoch })
}
function reply(changes: Fields = {}): string {
  const value: Fields = {
    from: keys[0]?.publicKey ?? '',
    job: GROUP.job,
    request: REQUEST,
    ran: 'write',
    epoch: GROUP.epoch,
    step: 5,
    state: STATE,
    stale: false,
    certificate: certificate(STATE),
    named: null,
    proof: PROOF,
    status: 200,
    headers: HEADERS,
    body: BODY,
    ...changes,
  }
  return sign('site-reply', value, keys[0] as Key)
}
const read = (changes: Fields): string => reply({ ran: 'read', proof: null, ...changes })

/** Members' replies, and whether a visitor may take the state, and a write's answer, as proven. */
export function replyVectors() {
  const view = {
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    previousMembers: before.map(({ publicKey }) => publicKey),
    nextMembers: after.map(({ publicKey }) => publicKey),
    start: START,
    openedByClosing: true,
  }
  const good = (name: string, place: Value, bytes: string) => ({ name, expect: 'ok', place, reply: bytes })
  const bad = (name: string, bytes: string, changes?: Fields) => ({ name, expect: 'unproven', view: changes, reply: bytes })
  const here = { epoch: GROUP.epoch, step: 5 }
  const byThree = certificate(STATE, { by: keys.slice(0, 3) })
  const naming = { by: keys.slice(0, 3), step: 6, final: 5 }
  const [old, next] = [
    { epoch: GROUP.epoch - 1, by: before },
    { epoch: GROUP.epoch + 1, by: after },
  ]
  return {
    network: GROUP.network,
    job: GROUP.job,
    request: REQUEST,
    view,
    cases: [
      good('a write', here, reply()),
      good(
        'a write that three certified, and a later step names',
        here,
        reply({ certificate: byThree, named: certificate(LATER, naming) }),
      ),
      good('a read on such a state', here, read({ certificate: byThree, named: certificate(LATER, naming) })),
      bad('a write that three certified', reply({ certificate: byThree })),
      bad('a write that three certified, named by its own step', reply({ certificate: byThree, named: byThree })),
      bad(
        'a write that three certified, and a later step that names the one before',
        reply({ certificate: byThree, named: certificate(LATER, { ...naming, final: 4 }) }),
      ),
      bad(
        'a write that three certified, named in the epoch before',
        reply({ certificate: byThree, named: certificate(LATER, { ...naming, ...old }) }),
      ),
      bad('a write that all certified, though not what is before it', reply({ certificate: certificate(STATE, { final: 3 }) })),
      good('a read on a certified state', here, read({})),
      good('a read on the state that the epoch began from', { epoch: GROUP.epoch, step: 0 }, read({ state: START, certificate: null })),
      good(
        'a read on that state, certified by the group before',
        { epoch: GROUP.epoch - 1, step: 5 },
        read({ state: START, certificate: certificate(START, old) }),
      ),
      good(
        'a write of the epoch before, which was closed',
        { epoch: GROUP.epoch - 1, step: 5 },
        reply({ certificate: certificate(STATE, old) }),
      ),
      good('a read on a state of the next epoch', { epoch: GROUP.epoch + 1, step: 5 }, read({ certificate: certificate(STATE, next) })),
      bad('a read without a certificate', read({ certificate: null })),
      bad('a write without a certificate', reply({ certificate: null })),
      bad('a write on the state that the epoch began from, without a certificate', reply({ state: START, certificate: null })),
      bad('a certificate of another state', read({ certificate: certificate(linkTo('another state')) })),
      bad('a certificate of two members', read({ certificate: certificate(STATE, { by: keys.slice(0, 2) }) })),
      bad("a certificate of the next group's members in this epoch", read({ certificate: certificate(STATE, { by: after }) })),
      bad("a certificate of this group's members in the next epoch", read({ certificate: certificate(STATE, { epoch: GROUP.epoch + 1 }) })),
      bad('a certificate of an epoch after the next', read({ certificate: certificate(STATE, { epoch: GROUP.epoch + 2, by: after }) })),
      bad('a read on a state of the epoch before', read({ certificate: certificate(STATE, old) })),
      bad('a write of the epoch before, which a recovery ended', reply({ certificate: certificate(STATE, old) }), {
        openedByClosing: false,
      }),
      bad('a certificate that is none', read({ certificate: '80' })),
      bad('a write without a proof', reply({ proof: null })),
      bad('a proof of another place', reply({ proof: { ...PROOF, index: 0 } })),
      bad('a proof of a place after the last', reply({ proof: { ...PROOF, index: 3 } })),
      bad('a proof among fewer', reply({ proof: { ...PROOF, count: 2, path: PROOF.path.slice(0, 1) } })),
      bad('a proof among more', reply({ proof: { ...PROOF, count: 4 } })),
      bad('a proof with a hash too few', reply({ proof: { ...PROOF, path: PROOF.path.slice(0, 1) } })),
      bad('a proof with a hash too many', reply({ proof: { ...PROOF, path: [...PROOF.path, named('a hash')] } })),
      bad('a proof with its hashes in another order', reply({ proof: { ...PROOF, path: [...PROOF.path].reverse() } })),
      bad('a proof of the responses of another step', reply({ certificate: certificate(STATE, { responses: OTHERS }) })),
      bad('a write with another body', reply({ body: hexOfWords('<p>hallo') })),
      bad('a write with another status', reply({ status: 201 })),
      bad('a write with another header', reply({ headers: [{ name: 'content-type', value: 'text/plain' }] })),
      bad('a write with a header more', reply({ headers: [...HEADERS, { name: 'x', value: 'y' }] })),
    ],
    blocks: [
      {
        name: 'the response to this request',
        expect: 'ok',
        request: REQUEST,
        status: 200,
        headers: HEADERS,
        body: BODY,
        cid: responseCid(),
      },
      {
        name: 'another request',
        expect: 'ok',
        request: named('another'),
        status: 200,
        headers: HEADERS,
        body: BODY,
        cid: responseCid({ request: named('another') }),
      },
      {
        name: 'no headers and no body',
        expect: 'ok',
        request: REQUEST,
        status: 204,
        headers: [],
        body: '',
        cid: responseCid({ status: 204, headers: [], body: '' }),
      },
      {
        name: 'the longest body that stands in its block',
        expect: 'ok',
        request: REQUEST,
        status: 200,
        headers: HEADERS,
        body: LONG.slice(2),
        cid: responseCid({ body: LONG.slice(2) }),
      },
      {
        name: 'a body in a block of its own',
        expect: 'ok',
        request: REQUEST,
        status: 200,
        headers: HEADERS,
        body: LONG,
        cid: responseCid({ body: '', chunks: [`01551220${sha256(LONG)}`] }),
      },
    ],
    digests: [0, 1, 2, 3, 4, 5, 7, 8, 13].map((count) => {
      const responses = Array.from({ length: count }, (_, i) => linkTo(`response ${i}`))
      return { expect: 'ok', responses, digest: digest(responses), paths: responses.map((_, i) => pathOf(responses, i)) }
    }),
  }
}
