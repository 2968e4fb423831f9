import { type Key, keyOf, sha256 } from './cose.js'
import { certificateOf, encode, GROUP, memberKeys, type Place, revealEnvelope, sign } from './group.js'
import { type Fields, hexOfWords, linkTo, named, sealOf, seedOfByte } from './maker.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const [before, after] = [0x50, 0x60].map((first) => [0, 1, 2, 3].map((i) => keyOf(seedOfByte(first + i)))) as [Key[], Key[]]
const [START, STATE] = [linkTo('the group state that the epoch began from'), linkTo('the state after a step')]
const BODY = hexOfWords('<p>hello')
const REQUEST = named('a signed request')
const HEADERS = [{ name: 'content-type', value: 'text/html' }]

/** The CID of the block of a response, as groups agree on it. */
function responseCid(changes: Fields = {}): string {
  const block = encode('site-response', {
    request: REQUEST,
    status: 200,
    headers: HEADERS,
    chunks: [`01551220${sha256(BODY)}`],
    ...changes,
  })
  return `01711220${sha256(block)}`
}
const OTHERS = [linkTo('the response to another'), linkTo('the response to a third')]
const RESPONSES = [OTHERS[0] as string, responseCid(), OTHERS[1] as string]
const digest = (cids: readonly string[]): string =>
  sealOf(
    'interpeer-group-responses',
    cids.map((cid) => `5824${cid}`),
  )

/** A certificate of a step of an epoch, by so many of its members. */
function certificate(
  state: string,
  {
    epoch = GROUP.epoch,
    by = keys.slice(0, 3),
    responses = RESPONSES,
  }: { epoch?: number; by?: readonly Key[]; responses?: readonly string[] } = {},
): string {
  const place: Place = { step: 5, rank: 0, batch: named(`the batch of ${epoch}`) }
  const reveals = by.map((key) => revealEnvelope(key, place, { epoch, answer: { root: state, responses: digest(responses) } }))
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
    responses: RESPONSES,
    status: 200,
    headers: HEADERS,
    body: BODY,
    ...changes,
  }
  return sign('site-reply', value, keys[0] as Key)
}
const read = (changes: Fields): string => reply({ ran: 'read', responses: [], ...changes })

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
      good('a write that four certified', here, reply({ certificate: certificate(STATE, { by: keys }) })),
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
      bad('a write without its responses', reply({ responses: [] })),
      bad('a write with one response too few', reply({ responses: RESPONSES.slice(0, 2) })),
      bad('a write with its responses in another order', reply({ responses: [...RESPONSES].reverse() })),
      bad(
        'a write whose own response is not among them',
        reply({ certificate: certificate(STATE, { responses: OTHERS }), responses: OTHERS }),
      ),
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
        cid: responseCid({ status: 204, headers: [], chunks: [] }),
      },
    ],
    digests: [[], [RESPONSES[1] as string], RESPONSES].map((responses) => ({ expect: 'ok', responses, digest: digest(responses) })),
  }
}
