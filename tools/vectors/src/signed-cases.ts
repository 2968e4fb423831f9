import { type Case, typicalOf } from './cases.js'
import type { Rule, Struct } from './contract.js'
import { cidOf, envelope, flipped, keyOf, signed, sigStructure, withOrderAdded } from './cose.js'
import { withValue } from './places.js'
import { smallest, typical } from './samples.js'
import { hexOfPieces, type Value } from './value.js'
import { head, longHead, write } from './write.js'

export const NETWORK = cidOf(Buffer.from('interpeer vectors: the network').toString('hex'))
export const OTHER_NETWORK = cidOf(Buffer.from('interpeer vectors: another network').toString('hex'))
export const SIGNER = keyOf('01'.repeat(32))
export const OTHER = keyOf('02'.repeat(32))
/** A point of small order: nobody has its secret, and everything verifies under it. */
const SMALL_ORDER = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'

/** Envelopes of one message, from its contract and RFC 9052 alone. Each bad one has one fault. */
export function signedCases(rule: Rule): Case[] {
  const { number = 0, version = 0, signer } = rule
  const type = rule.type as Struct
  if (signer === null) throw new Error(`${rule.name} is not signed`)
  const as = { network: NETWORK, number, version }
  const payloadOf = (value: Value, by: string = SIGNER.publicKey) => hexOfPieces(write(type, withValue(value, signer, by)))
  const usual = typicalOf(rule)
  const payload = payloadOf(usual)
  const good = signed(as, payload, SIGNER)
  const signature = good.slice(-128)
  const rest = payload.slice(head(4, type.fields.length).length)
  const afterNumber = rest.slice(head(0, number).length)
  const bad =
    (code: string) =>
    (name: string, hex: string): Case => ({ name, expect: code, hex })
  const [wrong, malformed] = [bad('SIGNATURE_WRONG'), bad('ENVELOPE_MALFORMED')]
  const changed = type.fields
    .filter(([name, field]) => name !== signer && field.kind !== 'literal')
    .map(([name, field]) =>
      wrong(`${name} changed after signing`, envelope(payloadOf(withValue(usual, name, anotherOf(field, name))), signature)),
    )
  return [
    { name: 'a typical one', expect: 'ok', hex: good },
    { name: 'the smallest', expect: 'ok', hex: signed(as, payloadOf(smallest(type)), SIGNER) },
    wrong('signed by another', signed(as, payload, OTHER)),
    wrong(`${signer} changed after signing`, envelope(payloadOf(usual, OTHER.publicKey), signature)),
    ...changed,
    wrong('signed for another network', signed({ ...as, network: OTHER_NETWORK }, payload, SIGNER)),
    wrong('signed as another message', signed({ ...as, number: number + 1 }, payload, SIGNER)),
    wrong('signed as another version', signed({ ...as, version: version + 1 }, payload, SIGNER)),
    wrong('the payload signed as it is', envelope(payload, SIGNER.sign(payload))),
    wrong('the payload signed without the header', envelope(payload, SIGNER.sign(sigStructure(as, payload).replace('43a10132', '40')))),
    wrong('a bit of R turned', flipped(good, -60)),
    wrong('a bit of S turned', flipped(good, -30)),
    wrong('S + L', envelope(payload, withOrderAdded(signature))),
    wrong('a signature of zeros', envelope(payload, '00'.repeat(64))),
    bad('PEER_KEY_UNUSABLE')(`${signer} a key of small order`, signed(as, payloadOf(usual, SMALL_ORDER), SIGNER)),
    bad('WIRE_NUMBER')(
      'another number in the payload',
      signed(as, `${head(4, type.fields.length)}${head(0, number + 1)}${afterNumber}`, SIGNER),
    ),
    bad('WIRE_SHAPE')('a field more in the payload', signed(as, `${head(4, type.fields.length + 1)}${rest}00`, SIGNER)),
    bad('WIRE_NOT_CANONICAL')('a longer head in the payload', signed(as, `${longHead(4, type.fields.length)}${rest}`, SIGNER)),
    bad('WIRE_MALFORMED')('a payload that ends early', signed(as, payload.slice(0, -2), SIGNER)),
    malformed('tagged 18', `d2${good}`),
    malformed('algorithm EdDSA (-8)', good.replace('8443a10132a0', '8443a10127a0')),
    malformed('a key id in the unprotected header', good.replace('8443a10132a0', '8443a10132a1044101')),
    malformed('the last byte missing', good.slice(0, -2)),
    malformed('a byte after the end', `${good}00`),
    malformed('the payload without an envelope', payload),
  ]
}

/** Another value than the typical one. */
function anotherOf(type: Struct['fields'][number][1], name: string): Value {
  if (type.kind === 'bool') return false
  if (type.kind === 'words') return type.words[0] as string
  if (type.kind === 'uint') return type.wide ? '1' : 1
  if (type.kind === 'list') return []
  if (type.kind === 'nullable') return null
  if (type.kind === 'variants') return smallest(type)
  return type.kind === 'text' ? 'other' : typical(type, `another ${name}`)
}

/** vectors/signed.json of a package. */
export function signedVectors(rules: readonly Rule[]) {
  return {
    network: NETWORK,
    otherNetwork: OTHER_NETWORK,
    seed: SIGNER.seed,
    key: SIGNER.publicKey,
    otherSeed: OTHER.seed,
    otherKey: OTHER.publicKey,
    messages: rules
      .filter(({ signer }) => signer !== null)
      .map((rule) => ({ rule: rule.name, number: rule.number, version: rule.version, signer: rule.signer, cases: signedCases(rule) })),
  }
}
