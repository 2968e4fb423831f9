// Runs in a browser, on the built package: the vectors, and what Node answered to the same questions. Nothing here knows of Node.
import { bytes, bytesMax, bytesOfHex, decodeCbor, hexOf, message, uint32 } from '@interpeer/wire-codec'
import {
  accountOfBytes,
  aeadOpen,
  aeadSeal,
  createAgreement,
  createOnion,
  createSigner,
  decryptKey,
  hkdfSha256,
  hmacSha256,
  keyOfPeerId,
  onionCell,
  openMessage,
  parseAccountId,
  parseContentId,
  parseJobId,
  parseNetworkId,
  parsePeerId,
  peelOnion,
  peerIdOfKey,
  ReplayMemory,
  recoveryPhraseOf,
  sealOf,
  seedOfRecoveryPhrase,
  sha256,
  verifySignature,
  vrfVerify,
} from '../../src/index.js'
import { bolt04Key, bolt04Onion } from '../../src/onion/secp256k1.js'
import bip39 from '../../vectors/bip39-english.json' with { type: 'json' }
import bolt04 from '../../vectors/bolt04-onion.json' with { type: 'json' }
import speccheck from '../../vectors/ed25519-speccheck.json' with { type: 'json' }
import encryptedKeys from '../../vectors/encrypted-keys.json' with { type: 'json' }
import envelopes from '../../vectors/envelopes.json' with { type: 'json' }
import ids from '../../vectors/ids.json' with { type: 'json' }
import cells from '../../vectors/onion-cells.json' with { type: 'json' }
import rfc9381 from '../../vectors/rfc9381-ecvrf.json' with { type: 'json' }
import vrf from '../../vectors/vrf.json' with { type: 'json' }
import aead from '../../vectors/wycheproof-chacha20-poly1305.json' with { type: 'json' }
import ed25519 from '../../vectors/wycheproof-ed25519.json' with { type: 'json' }
import hkdf from '../../vectors/wycheproof-hkdf-sha256.json' with { type: 'json' }
import { answersTo, type Questions } from './questions.js'

/** By subject: how many cases there were, and which went otherwise than stated. */
export type Outcomes = Record<string, { cases: number; wrong: string[] }>

const outcomes: Outcomes = {}
/** One case: what `run` gives, or the code of the error that it throws, is to equal `stated`. */
function check(subject: string, name: string | number, stated: unknown, run: () => unknown): void {
  outcomes[subject] ??= { cases: 0, wrong: [] }
  const outcome = outcomes[subject]
  outcome.cases++
  const given = JSON.stringify(outcomeOf(run))
  if (given !== JSON.stringify(stated)) outcome.wrong.push(`${name}: ${given}`)
}
function outcomeOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
/** For vectors that state `ok` or the code of an error. */
const checkCode = (subject: string, name: string, stated: string, run: () => unknown) =>
  check(subject, name, stated, () => {
    run()
    return 'ok'
  })

function checkSignatures(): void {
  for (const [i, one] of speccheck.entries()) {
    const verdict = () => verifySignature(bytesOfHex(one.signature), bytesOfHex(one.message), bytesOfHex(one.pub_key))
    check('speccheck', i, i === 3, verdict)
  }
  for (const { publicKey, tests } of ed25519.testGroups) {
    for (const { tcId, msg, sig, result } of tests) {
      const verdict = () => verifySignature(bytesOfHex(sig), bytesOfHex(msg), bytesOfHex(publicKey.pk))
      check('wycheproof ed25519', tcId, result === 'valid', verdict)
    }
  }
}

function checkSymmetric(): void {
  for (const { tests } of aead.testGroups) {
    for (const { tcId, key, iv, aad: aadHex, msg, ct, tag, result } of tests) {
      const [k, nonce, aad] = [bytesOfHex(key), bytesOfHex(iv), bytesOfHex(aadHex)] as const
      const stated = iv.length !== 24 ? 'BYTES_LENGTH' : result === 'valid' ? msg : null
      check('wycheproof chacha20-poly1305', tcId, stated, () => hexOrNull(aeadOpen(k, nonce, aad, bytesOfHex(ct + tag))))
      if (result === 'valid') check('wycheproof chacha20-poly1305', tcId, ct + tag, () => hexOf(aeadSeal(k, nonce, aad, bytesOfHex(msg))))
    }
  }
  for (const { tests } of hkdf.testGroups) {
    for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
      const derive = () => hexOf(hkdfSha256(bytesOfHex(ikm), bytesOfHex(salt), bytesOfHex(info), size))
      check('wycheproof hkdf', tcId, result === 'valid' ? okm : 'BYTES_LENGTH', derive)
    }
  }
}
const hexOrNull = (given: Uint8Array | undefined) => (given === undefined ? null : hexOf(given))

function checkVrf(): void {
  for (const { suite, ex, sk, alpha: input, pi, beta } of rfc9381) {
    if (suite !== 4) continue // the other three are of a suite that is only in the tests
    const [signer, alpha, proof] = [createSigner(bytesOfHex(sk)), bytesOfHex(input), bytesOfHex(pi)] as const
    check('rfc 9381', `${ex} proof`, pi, () => hexOf(signer.vrfProve(alpha)))
    check('rfc 9381', `${ex} output`, beta, () => hexOrNull(vrfVerify(signer.publicKey, alpha, proof)))
    check('rfc 9381', `${ex} altered`, null, () => hexOrNull(vrfVerify(signer.publicKey, alpha, proof.with(50, (proof[50] as number) ^ 1))))
  }
  for (const { name, key, alpha, proof, expect, output, seed } of vrf.cases) {
    check('vrf proofs', name, expect === 'ok' ? output : null, () =>
      hexOrNull(vrfVerify(bytesOfHex(key), bytesOfHex(alpha), bytesOfHex(proof))),
    )
    if (seed !== undefined && expect === 'ok')
      check('vrf proofs made', name, proof, () => hexOf(createSigner(bytesOfHex(seed)).vrfProve(bytesOfHex(alpha))))
  }
  for (const { name, context, parts, seal } of vrf.seals) {
    check('seals', name, seal, () =>
      hexOf(
        sealOf(
          context,
          parts.map((part) => decodeCbor(bytesOfHex(part))),
        ),
      ),
    )
  }
}

const parsers = { peer: parsePeerId, content: parseContentId, job: parseJobId, network: parseNetworkId, account: parseAccountId }
function checkIdsAndEnvelopes(): void {
  for (const { kind, name, expect, text } of ids) checkCode('ids', name, expect, () => parsers[kind as keyof typeof parsers](text))
  const note = message('example', 255, 1, { from: bytes(32), step: uint32, body: bytesMax(100_000) }, { maxBytes: 100_100 })
  const network = parseNetworkId(envelopes.network)
  for (const { name, expect, hex } of envelopes.cases) {
    checkCode('envelopes', name, expect, () => openMessage(note, bytesOfHex(hex), network, ({ from }) => peerIdOfKey(from)))
  }
}

function checkOnions(): void {
  const memory = () => new ReplayMemory({ tagsMax: 8, keepMs: 1000 })
  for (const { name, expect, sessionKey, hops, hex } of cells.create) {
    const create = () =>
      createOnion(onionCell, {
        hops: hops.map(({ publicKey, payload }) => ({ publicKey: bytesOfHex(publicKey), payload: bytesOfHex(payload) })),
        sessionKey: bytesOfHex(sessionKey),
        associatedData: bytesOfHex(cells.associatedData),
      })
    check('onion cells made', name, expect === 'ok' ? hex : expect, () => hexOf(create()))
  }
  for (const { name, expect, secret, associatedData = cells.associatedData, seen, hex, payload, next } of cells.peel) {
    const options = { associatedData: bytesOfHex(associatedData), memory: memory(), nowMs: 0 }
    const peel = () => peelOnion(onionCell, bytesOfHex(hex), createAgreement(bytesOfHex(secret)), options)
    if (seen) peel()
    check('onion cells peeled', name, expect === 'ok' ? [payload, next ?? null] : expect, () => {
      const peeled = peel()
      return [hexOf(peeled.payload), hexOrNull(peeled.next)]
    })
  }
  let packet: Uint8Array | undefined = bytesOfHex(bolt04.onion)
  for (const [i, secret] of bolt04.decode.entries()) {
    const given: Uint8Array = packet ?? new Uint8Array()
    const options = { associatedData: bytesOfHex(bolt04.generate.associated_data), memory: memory(), nowMs: 0 }
    const stated = bolt04.generate.hops[i]?.payload.replace(/^fd....|^../, '')
    check('bolt 04', i, stated, () => {
      const { payload, next } = peelOnion(bolt04Onion, given, bolt04Key(bytesOfHex(secret)), options)
      packet = next
      return hexOf(payload)
    })
  }
}

function checkKeysAtRest(): void {
  const cases: readonly { name: string; expect: string; text: string; passphrase?: string }[] = encryptedKeys.cases
  for (const { name, expect, text, passphrase = encryptedKeys.passphrase } of cases) {
    const stated = expect === 'ok' ? encryptedKeys.seed : expect
    check('encrypted keys', name, stated, () => hexOf(decryptKey(text, passphrase)))
  }
  for (const { entropy, mnemonic } of bip39) {
    check('recovery phrases', entropy, [mnemonic, entropy], () => [
      recoveryPhraseOf(bytesOfHex(entropy)),
      hexOf(seedOfRecoveryPhrase(mnemonic)),
    ])
  }
}

async function checkAsNode(): Promise<void> {
  const { questions, answers } = (await (await fetch('questions.json')).json()) as {
    questions: Questions
    answers: Record<string, unknown[]>
  }
  const own = answersTo(questions, {
    accountOfBytes,
    createAgreement,
    createSigner,
    hmacSha256,
    keyOfPeerId,
    peerIdOfKey,
    sealOf,
    sha256,
    verifySignature,
  })
  for (const [subject, list] of Object.entries(own)) {
    for (const [i, answer] of list.entries()) check(`as node: ${subject}`, i, answers[subject]?.[i], () => answer)
  }
}

async function run(): Promise<Outcomes> {
  for (const part of [checkSignatures, checkSymmetric, checkVrf, checkIdsAndEnvelopes, checkOnions, checkKeysAtRest]) part()
  await checkAsNode()
  return outcomes
}

Object.assign(globalThis, { outcomes: run() })
