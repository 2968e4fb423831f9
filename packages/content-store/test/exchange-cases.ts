import { createHash } from 'node:crypto'
import { type CborValue, encodeCbor, hexOf, Link } from '@interpeer/wire-codec'
import { bytesOf } from './trees.js'

// Written from exchange.cddl and audits.cddl, with nothing of the code that is tested.

const sha = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest())
const cidOf = (block: Uint8Array, codec = 0x55): Uint8Array => Uint8Array.of(1, codec, 0x12, 32, ...sha(block))
const blocks = ['a', 'b', ''].map(bytesOf)
const [a, b, none] = blocks as [Uint8Array, Uint8Array, Uint8Array]
const linkTo = (block: Uint8Array): Link => new Link(cidOf(block))
const nonce = sha(bytesOf('nonce'))
const prover = sha(bytesOf('prover'))
const digestOf = (block: Uint8Array, by = prover, given = nonce): Uint8Array => sha(bytesOf('interpeer audit 1'), given, by, block)
const hex = (value: CborValue): string => hexOf(encodeCbor(value))
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)

/** Messages: read as what `message` says, and then each id in them as a ContentId. */
export const messageVectors = () => [
  { name: 'no ids', message: 'want-blocks', expect: 'ok', bytes: hex([32, []]) },
  { name: 'two ids', message: 'want-blocks', expect: 'ok', bytes: hex([32, [linkTo(a), new Link(cidOf(b, 0x71))]]) },
  { name: '64 ids', message: 'want-blocks', expect: 'ok', bytes: hex([32, times(64, linkTo(a))]) },
  { name: '65 ids', message: 'want-blocks', expect: 'WIRE_SHAPE', bytes: hex([32, times(65, linkTo(a))]) },
  { name: 'the number of a reply', message: 'want-blocks', expect: 'WIRE_NUMBER', bytes: hex([33, [linkTo(a)]]) },
  { name: 'a field too many', message: 'want-blocks', expect: 'WIRE_SHAPE', bytes: hex([32, [linkTo(a)], 0]) },
  { name: 'an id that is no link', message: 'want-blocks', expect: 'WIRE_SHAPE', bytes: hex([32, [cidOf(a)]]) },
  { name: 'an id of another codec', message: 'want-blocks', expect: 'CONTENT_ID_BYTES', bytes: hex([32, [new Link(cidOf(a, 0x70))]]) },
  { name: 'an id cut short', message: 'want-blocks', expect: 'WIRE_MALFORMED', bytes: `82182081d82a582400${hexOf(cidOf(a).subarray(1))}` },
  { name: 'a list longer than its bytes', message: 'want-blocks', expect: 'WIRE_MALFORMED', bytes: '82182081' },
  { name: 'a number in more bytes than it needs', message: 'want-blocks', expect: 'WIRE_NOT_CANONICAL', bytes: '8219002080' },
  { name: 'a block, an empty one, none', message: 'blocks', expect: 'ok', bytes: hex([33, [a, none, null]]) },
  { name: 'a block that is text', message: 'blocks', expect: 'WIRE_SHAPE', bytes: hex([33, ['a']]) },
  { name: '65 answers', message: 'blocks', expect: 'WIRE_SHAPE', bytes: hex([33, times(65, null)]) },
  { name: 'queue', message: 'content-busy', expect: 'ok', bytes: hex([34, 0, 250]) },
  { name: 'rate', message: 'content-busy', expect: 'ok', bytes: hex([34, 1, 2 ** 32 - 1]) },
  { name: 'an unknown reason', message: 'content-busy', expect: 'WIRE_SHAPE', bytes: hex([34, 2, 250]) },
  { name: 'longer than 32 bits', message: 'content-busy', expect: 'WIRE_SHAPE', bytes: hex([34, 0, 2 ** 32]) },
  { name: 'one block', message: 'audit-blocks', expect: 'ok', bytes: hex([35, nonce, [linkTo(a)]]) },
  { name: '16 blocks', message: 'audit-blocks', expect: 'ok', bytes: hex([35, nonce, times(16, linkTo(a))]) },
  { name: '17 blocks', message: 'audit-blocks', expect: 'WIRE_SHAPE', bytes: hex([35, nonce, times(17, linkTo(a))]) },
  { name: 'a nonce of 31 bytes', message: 'audit-blocks', expect: 'WIRE_SHAPE', bytes: hex([35, nonce.subarray(1), [linkTo(a)]]) },
  {
    name: 'a block to be shown, of another codec',
    message: 'audit-blocks',
    expect: 'CONTENT_ID_BYTES',
    bytes: hex([35, nonce, [new Link(cidOf(a, 0x70))]]),
  },
  { name: 'a digest and none', message: 'audit-digests', expect: 'ok', bytes: hex([37, [digestOf(a), null]]) },
  { name: 'a digest of 31 bytes', message: 'audit-digests', expect: 'WIRE_SHAPE', bytes: hex([37, [digestOf(a).subarray(1)]]) },
  { name: '17 digests', message: 'audit-digests', expect: 'WIRE_SHAPE', bytes: hex([37, times(17, null)]) },
]

/** Replies to a request for the blocks "a", "b" and "": what they show of the peer. */
export const replyVectors = () =>
  [
    { name: 'all three', expect: 'ok', reply: hex([33, [a, b, none]]) },
    { name: 'the second is not there', expect: 'ok', reply: hex([33, [a, null, none]]) },
    { name: 'no room for the rest', expect: 'ok', reply: hex([33, [a]]) },
    { name: 'too many wait', expect: 'busy', reply: hex([34, 0, 250]) },
    { name: 'another block', expect: 'BLOCK_FALSE', reply: hex([33, [a, a, none]]) },
    { name: 'no answers', expect: 'REPLY_EMPTY', reply: hex([33, []]) },
    { name: 'four answers', expect: 'REPLY_TOO_LONG', reply: hex([33, [a, b, none, null]]) },
    { name: 'nothing', expect: 'REPLY_MALFORMED', reply: '' },
    { name: 'a request', expect: 'REPLY_MALFORMED', reply: hex([32, [linkTo(a)]]) },
    { name: 'a byte behind it', expect: 'REPLY_MALFORMED', reply: `${hex([33, [a, b, none]])}00` },
  ].map(({ name, expect, reply }) => ({ name, expect, asked: blocks.map((block) => hexOf(cidOf(block))), reply }))

/** Audits of the blocks "a" and "b": what a reply shows of each. */
export const auditVectors = () =>
  [
    { name: 'both', expect: ['held', 'held'], reply: hex([37, [digestOf(a), digestOf(b)]]) },
    { name: 'the second is not there', expect: ['held', 'lacks'], reply: hex([37, [digestOf(a), null]]) },
    { name: 'the second cost too much', expect: ['held', 'busy'], reply: hex([37, [digestOf(a)]]) },
    { name: 'all cost too much', expect: ['busy', 'busy'], reply: hex([34, 1, 60_000]) },
    { name: 'the digests of another prover', expect: ['wrong', 'held'], reply: hex([37, [digestOf(a, nonce), digestOf(b)]]) },
    { name: 'a digest for another nonce', expect: ['wrong', 'held'], reply: hex([37, [digestOf(a, prover, prover), digestOf(b)]]) },
    { name: 'the digests swapped', expect: ['wrong', 'wrong'], reply: hex([37, [digestOf(b), digestOf(a)]]) },
    { name: 'the hash of the block alone', expect: ['wrong', 'held'], reply: hex([37, [sha(a), digestOf(b)]]) },
    { name: 'no digests', expect: ['wrong', 'wrong'], reply: hex([37, []]) },
    { name: 'three digests', expect: ['wrong', 'wrong'], reply: hex([37, [digestOf(a), digestOf(b), null]]) },
    { name: 'the blocks themselves', expect: ['wrong', 'wrong'], reply: hex([33, [a, b]]) },
  ].map(({ name, expect, reply }) => ({
    ...{ name, nonce: hexOf(nonce), prover: hexOf(prover), request: hex([35, nonce, [linkTo(a), linkTo(b)]]), reply },
    blocks: [a, b].map((block, i) => ({ bytes: hexOf(block), expect: expect[i] })),
  }))
