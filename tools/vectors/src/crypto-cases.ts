import { createSigner, vrfVerify } from '@interpeer/crypto-ids'
import { bstr, flipped, keyOf, tstr } from './cose.js'
import { array, hexOfWords, named, sealOf, seedOfByte, uint } from './maker.js'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const reversed = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex')

/** VRF proofs, good and refused, and seals. `rfc9381-ecvrf.json` has the RFC's own. */
export function vrfVectors() {
  const [key, other] = [keyOf(seedOfByte(0x41)), keyOf(seedOfByte(0x42))]
  const alpha = hexOfWords('the input')
  const prove = (seed: string, input: string) => Buffer.from(createSigner(bytes(seed)).vrfProve(bytes(input))).toString('hex')
  const proof = prove(key.seed, alpha)
  const good = (name: string, { seed, publicKey }: typeof key, input: string) => {
    const made = prove(seed, input)
    const output = Buffer.from(vrfVerify(bytes(publicKey), bytes(input), bytes(made)) ?? []).toString('hex')
    return { name, expect: 'ok', seed, key: publicKey, alpha: input, proof: made, output }
  }
  const bad = (name: string, given: { key?: string; alpha?: string; proof?: string }) => ({
    ...{ name, expect: 'refused', key: key.publicKey, alpha, proof },
    ...given,
  })
  const [gamma, c, s] = [proof.slice(0, 64), proof.slice(64, 96), proof.slice(96)]
  const sPlus = reversed((BigInt(`0x${reversed(s)}`) + ORDER).toString(16).padStart(64, '0'))
  const smallOrder = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'
  return {
    cases: [
      good('an empty input', key, ''),
      good('some words', key, alpha),
      good('the same words, another key', other, alpha),
      good('a long input', key, '5a'.repeat(1_000)),
      bad('another key', { key: other.publicKey }),
      bad('another input', { alpha: hexOfWords('another input') }),
      bad('no input', { alpha: '' }),
      bad("another key's proof", { proof: prove(other.seed, alpha) }),
      bad('a bit of Gamma turned', { proof: flipped(proof, 1) }),
      bad('a bit of c turned', { proof: flipped(proof, 40) }),
      bad('a bit of s turned', { proof: flipped(proof, 60) }),
      bad('s + L', { proof: gamma + c + sPlus }),
      bad('a Gamma of small order', { proof: smallOrder + c + s }),
      bad('a Gamma that is no point', { proof: `02${'00'.repeat(31)}${c}${s}` }),
      bad('a Gamma that is not canonical', { proof: `${'ff'.repeat(31)}7f${c}${s}` }),
      bad('a proof of zeros', { proof: '00'.repeat(80) }),
      bad('a proof of 79 bytes', { proof: proof.slice(0, -2) }),
      bad('a proof of 81 bytes', { proof: `${proof}00` }),
      bad('no proof', { proof: '' }),
      bad('a key of small order', { key: smallOrder }),
      bad('a key that is not canonical', { key: `${'ff'.repeat(31)}7f` }),
      bad('a key that is no point', { key: `02${'00'.repeat(31)}` }),
      bad('a key of 31 bytes', { key: key.publicKey.slice(2) }),
    ],
    seals: [
      { name: 'a context alone', context: 'words', parts: [] },
      { name: 'an empty context', context: '', parts: [] },
      { name: 'a context that is not ASCII', context: 'Größe', parts: [] },
      {
        name: 'bytes, a number, text, null and a list',
        context: 'words',
        parts: [bstr(named('part')), uint(70_000), tstr('é'), 'f6', array([uint(0)])],
      },
      {
        name: 'the same parts in a list',
        context: 'words',
        parts: [array([bstr(named('part')), uint(70_000), tstr('é'), 'f6', array([uint(0)])])],
      },
      { name: '30 parts', context: 'words', parts: Array.from({ length: 30 }, (_, i) => uint(i)) },
    ].map((one) => ({ ...one, expect: 'ok', seal: sealOf(one.context, one.parts) })),
  }
}
