import {
  accountOfBytes,
  aeadOpen,
  bytesOfAccount,
  bytesOfContentId,
  contentIdOfBytes,
  createAgreement,
  createOnion,
  createOpener,
  encryptKey,
  keyOfPeerId,
  onionCell,
  openMessage,
  parseAccountId,
  parseContentId,
  parseJobId,
  parsePeerId,
  peekMessageNumber,
  peekPayload,
  peelOnion,
  peerIdOfKey,
  peerOfEncryptedKey,
  ReplayMemory,
  recoveryPhraseOf,
  seedOfRecoveryPhrase,
  signMessage,
  verifySignature,
  vrfVerify,
} from '@interpeer/crypto-ids'
import { bolt04Key, bolt04Onion } from '@interpeer/crypto-ids/onion-secp256k1'
import { bytes, bytesMax, message, uint32 } from '@interpeer/wire-codec'
import { readFrame } from '../../../packages/crypto-ids/src/onion/hop-frame.js'
import { assertSame, Broken, bytesOfText, type Target, textOf } from '../src/target.ts'
import { network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const CRYPTO = ['CryptoError']
const BOTH = ['CryptoError', 'WireError']
const signer = signerNamed(1)
const example = message('example', 255, 1, { from: bytes(32), step: uint32, body: bytesMax(100_000) })
const value = { from: signer.publicKey, step: 7, body: Uint8Array.of(1, 2, 3) }
const agreement = createAgreement(new Uint8Array(32).fill(5))
const associatedData = Uint8Array.of(1, 2, 3)
const onion = (): Uint8Array =>
  createOnion(onionCell, {
    hops: [
      { publicKey: agreement.publicKey, payload: Uint8Array.of(1) },
      { publicKey: agreement.publicKey, payload: new Uint8Array(300) },
    ],
    sessionKey: new Uint8Array(32).fill(9),
    associatedData,
  })
const memory = (): ReplayMemory => new ReplayMemory({ tagsMax: 10, keepMs: 1000 })

export const cryptoIds: readonly Target[] = [
  {
    name: 'crypto-ids/peer-id',
    file: 'packages/crypto-ids/src/peer-id.ts',
    errors: CRYPTO,
    run: (input) => {
      const id = parsePeerId(textOf(input))
      if (peerIdOfKey(keyOfPeerId(id)) !== id) throw new Broken('two ids of one key')
    },
    seeds: () => [bytesOfText(signer.peerId)],
  },
  {
    name: 'crypto-ids/peer-key',
    file: 'packages/crypto-ids/src/strict.ts',
    errors: CRYPTO,
    run: (input) => assertSame(keyOfPeerId(parsePeerId(peerIdOfKey(input))), input, 'a key that its id does not lead to'),
    seeds: () => [signer.publicKey],
  },
  {
    name: 'crypto-ids/content-id',
    file: 'packages/crypto-ids/src/content-id.ts',
    errors: CRYPTO,
    run: (input) => {
      const text = textOf(input)
      if (contentIdOfBytes(bytesOfContentId(parseContentId(text))) !== text) throw new Broken('two texts of one id')
      parseJobId(text)
    },
    seeds: () => [bytesOfText(network)],
  },
  {
    name: 'crypto-ids/content-id-bytes',
    file: 'packages/crypto-ids/src/content-id.ts',
    errors: CRYPTO,
    run: (input) => assertSame(bytesOfContentId(parseContentId(contentIdOfBytes(input))), input, 'bytes that their id does not lead to'),
    seeds: () => [bytesOfContentId(network)],
  },
  {
    name: 'crypto-ids/account-id',
    file: 'packages/crypto-ids/src/account-id.ts',
    errors: CRYPTO,
    run: (input) => {
      const account = parseAccountId(textOf(input))
      if (accountOfBytes(bytesOfAccount(account)) !== account) throw new Broken('two texts of one account')
    },
    seeds: () => [bytesOfText('5a'.repeat(32))],
  },
  {
    name: 'crypto-ids/encrypted-key',
    file: 'packages/crypto-ids/src/encrypted-key.ts',
    errors: CRYPTO,
    run: (input) => void peerOfEncryptedKey(textOf(input)), // opening one takes half a second
    seeds: () => [bytesOfText(encryptKey(new Uint8Array(32), 'passphrase', { salt: new Uint8Array(32), logN: 14 }))],
  },
  {
    name: 'crypto-ids/recovery-phrase',
    file: 'packages/crypto-ids/src/recovery-phrase.ts',
    errors: CRYPTO,
    run: (input) => {
      const text = textOf(input)
      const seed = seedOfRecoveryPhrase(text)
      assertSame(seedOfRecoveryPhrase(recoveryPhraseOf(seed)), seed, 'its phrase leads to another seed')
    },
    seeds: () => [bytesOfText(recoveryPhraseOf(new Uint8Array(32).fill(7)))],
  },
  {
    name: 'crypto-ids/envelope-peek',
    file: 'packages/crypto-ids/src/cose-sign1.ts',
    errors: [],
    run: (input) => {
      const number = peekMessageNumber(input)
      if (number !== undefined && peekPayload(input) === undefined) throw new Broken('a number without a payload')
    },
    seeds: () => [signMessage(example, value, signer, network)],
  },
  {
    name: 'crypto-ids/envelope',
    file: 'packages/crypto-ids/src/signed-message.ts',
    errors: BOTH,
    run: (input) => void openMessage(example, input, network, ({ from }) => peerIdOfKey(from)),
    seeds: () => [signMessage(example, value, signer, network)],
  },
  {
    name: 'crypto-ids/envelope-signed',
    file: 'packages/crypto-ids/src/signed-message.ts',
    errors: BOTH,
    run: (input) => {
      const opener = createOpener({ network, cacheEntriesMax: 4 })
      const opened = opener.open(example, signedBytes(example, input, signer), ({ from }) => peerIdOfKey(from))
      assertSame(example.encode(opened), input, 'it is read, and written otherwise')
    },
    seeds: () => [example.encode(value), ...samplesOf(example.schema)],
  },
  {
    name: 'crypto-ids/onion',
    file: 'packages/crypto-ids/src/onion/peel-onion.ts',
    errors: CRYPTO,
    run: (input) => void peelOnion(onionCell, input, agreement, { associatedData, memory: memory(), nowMs: 0 }),
    seeds: () => [onion()],
  },
  {
    name: 'crypto-ids/onion-bolt04',
    file: 'packages/crypto-ids/src/onion/secp256k1.ts',
    errors: CRYPTO,
    run: (input) =>
      void peelOnion(bolt04Onion, input, bolt04Key(new Uint8Array(32).fill(0x41)), { associatedData, memory: memory(), nowMs: 0 }),
    maxMs: 400, // noble's curve
  },
  {
    name: 'crypto-ids/onion-frame',
    file: 'packages/crypto-ids/src/onion/hop-frame.ts',
    errors: [],
    run: (input) => {
      const area = new Uint8Array(2 * onionCell.areaBytes)
      area.set(input.subarray(0, area.length))
      const frame = readFrame(area, onionCell.areaBytes)
      if (frame !== undefined && frame.to + 32 > onionCell.areaBytes) throw new Broken('a frame beyond the area')
    },
  },
  {
    name: 'crypto-ids/signature',
    file: 'packages/crypto-ids/src/strict.ts',
    errors: CRYPTO,
    run: (input) => void verifySignature(input.subarray(0, 64), input.subarray(96), input.subarray(64, 96)),
    seeds: () => [Uint8Array.from([...signer.sign(Uint8Array.of(1)), ...signer.publicKey, 1])],
  },
  {
    name: 'crypto-ids/vrf',
    file: 'packages/crypto-ids/src/vrf.ts',
    errors: CRYPTO,
    run: (input) => void vrfVerify(input.subarray(0, 32), Uint8Array.of(1), input.subarray(32)),
    seeds: () => [Uint8Array.from([...signer.publicKey, ...signer.vrfProve(Uint8Array.of(1))])],
    maxMs: 400, // noble's curve
  },
  {
    name: 'crypto-ids/aead',
    file: 'packages/crypto-ids/src/aead.ts',
    errors: CRYPTO,
    run: (input) => void aeadOpen(new Uint8Array(32), new Uint8Array(12), new Uint8Array(), input),
  },
]
