import { concatBytes, encodeCbor, hexOf } from '@interpeer/wire-codec'
import { toBeSigned, writeEnvelope } from '../src/cose-sign1.js'
import { GROUP_ORDER, leOfNumber, numberOfLe } from '../src/little-endian.js'
import { signMessage } from '../src/signed-message.js'
import { bytesOf } from './backends.js'
import { alice, bob, network, note, noteV2, otherNetwork } from './notes.js'

/** What vectors/envelopes.json holds. `vitest run -u` writes the file anew. */
export function envelopeVectors() {
  return {
    message: 'number 255, version 1: [255, from: bstr .size 32, step: uint .size 4, body: bstr .size (0..100000)]; from is the signer',
    network,
    signer: alice.peerId,
    seed: '01'.repeat(32),
    cases: envelopeCases(),
  }
}

/** Each bad one has one fault. */
function envelopeCases(): { name: string; expect: string; hex: string }[] {
  const value = { from: alice.publicKey, step: 7, body: new Uint8Array() }
  const good = signMessage(note, value, alice, network)
  const payload = note.encode(value)
  const signature = good.subarray(-64)
  const signed = (bytes: Uint8Array, by = alice) => writeEnvelope({ payload: bytes, signature: by.sign(toBeSigned(note, network, bytes)) })
  const withBody = (length: number) => signMessage(note, { ...value, body: new Uint8Array(length).fill(5) }, alice, network)
  /** Other bytes in place of the header and payload head of the good one: `84 43 a1 01 32 a0`, `58 27`. */
  const headed = (header: string, head = '5827') => concatBytes(bytesOf(header + head), payload, bytesOf('5840'), signature)
  const flipped = (at: number) => good.map((byte, i) => (i === at ? byte ^ 1 : byte))
  const s = numberOfLe(signature.subarray(32))
  const smallKey = bytesOf('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')

  const cases: [string, string, Uint8Array][] = [
    ['a message without a body', 'ok', good],
    ['a payload of 255 bytes, the last with a head of two', 'ok', withBody(255 - payload.length - 1)],
    ['a payload of 256 bytes, the first with a head of three', 'ok', withBody(256 - payload.length - 1)],
    ['no bytes', 'ENVELOPE_MALFORMED', new Uint8Array()],
    ['the header alone', 'ENVELOPE_MALFORMED', good.subarray(0, 6)],
    ['the last byte missing', 'ENVELOPE_MALFORMED', good.subarray(0, -1)],
    ['a byte after the end', 'ENVELOPE_MALFORMED', concatBytes(good, bytesOf('00'))],
    ['tagged 18', 'ENVELOPE_MALFORMED', headed('d28443a10132a0')],
    ['an array of three', 'ENVELOPE_MALFORMED', headed('8343a10132a0')],
    ['an array of four with its length in a byte of its own', 'ENVELOPE_MALFORMED', headed('980443a10132a0')],
    ['an array of indefinite length', 'ENVELOPE_MALFORMED', concatBytes(headed('9f43a10132a0'), bytesOf('ff'))],
    ['alg -8 (EdDSA)', 'ENVELOPE_MALFORMED', headed('8443a10127a0')],
    ['an empty protected header', 'ENVELOPE_MALFORMED', headed('8440a0')],
    ['a second protected header (kid)', 'ENVELOPE_MALFORMED', headed('8446a20132044100a0')],
    ['alg in the unprotected header', 'ENVELOPE_MALFORMED', headed('8443a10132a10132')],
    ['the protected header as a map, not as bytes', 'ENVELOPE_MALFORMED', headed('84a10132a0')],
    ['a payload length in three bytes instead of two', 'ENVELOPE_MALFORMED', headed('8443a10132a0', '590027')],
    ['a payload length beyond the end', 'ENVELOPE_MALFORMED', headed('8443a10132a0', '5828')],
    ['a payload length of 2^32 - 1', 'ENVELOPE_MALFORMED', headed('8443a10132a0', '5affffffff')],
    ['a payload that is text', 'ENVELOPE_MALFORMED', headed('8443a10132a0', '7827')],
    [
      'a payload of indefinite length',
      'ENVELOPE_MALFORMED',
      concatBytes(bytesOf('8443a10132a05f5827'), payload, bytesOf('ff5840'), signature),
    ],
    ['a detached payload (null)', 'ENVELOPE_MALFORMED', concatBytes(bytesOf('8443a10132a0f65840'), signature)],
    ['a signature of 63 bytes', 'ENVELOPE_MALFORMED', concatBytes(good.subarray(0, -66), bytesOf('583f'), signature.subarray(1))],
    ['a payload that is no CBOR', 'WIRE_MALFORMED', signed(bytesOf('ff'))],
    ['an empty payload', 'WIRE_MALFORMED', signed(new Uint8Array())],
    ['the step 7 in two bytes', 'WIRE_NOT_CANONICAL', signed(concatBytes(payload.subarray(0, -2), bytesOf('180740')))],
    ['another message number', 'WIRE_NUMBER', signed(encodeCbor([254, alice.publicKey, 7, new Uint8Array()]))],
    ['a field too many', 'WIRE_SHAPE', signed(encodeCbor([255, alice.publicKey, 7, new Uint8Array(), 0]))],
    ['a signer whose key is of small order', 'PEER_KEY_UNUSABLE', signed(encodeCbor([255, smallKey, 7, new Uint8Array()]))],
    ['a flipped bit in the payload', 'SIGNATURE_WRONG', flipped(20)],
    ['a flipped bit in R', 'SIGNATURE_WRONG', flipped(good.length - 60)],
    ['a flipped bit in S', 'SIGNATURE_WRONG', flipped(good.length - 20)],
    ['S + L', 'SIGNATURE_WRONG', concatBytes(good.subarray(0, -32), leOfNumber(s + GROUP_ORDER, 32))],
    ['signed by another', 'SIGNATURE_WRONG', signed(payload, bob)],
    ['signed for another network', 'SIGNATURE_WRONG', signMessage(note, value, alice, otherNetwork)],
    ['signed as another version', 'SIGNATURE_WRONG', signMessage(noteV2, value, alice, network)],
    [
      'signed as another message',
      'SIGNATURE_WRONG',
      writeEnvelope({ payload, signature: alice.sign(toBeSigned({ number: 254, version: 1 }, network, payload)) }),
    ],
    ['the payload signed as it is, without Sig_structure', 'SIGNATURE_WRONG', writeEnvelope({ payload, signature: alice.sign(payload) })],
  ]
  return cases.map(([name, expect, bytes]) => ({ name, expect, hex: hexOf(bytes) }))
}
