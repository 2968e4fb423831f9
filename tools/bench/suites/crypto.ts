import { createPublicKey, verify } from 'node:crypto'
import {
  createAgreement,
  createOnion,
  createSigner,
  type OnionFormat,
  type OnionKey,
  onionCell,
  peelOnion,
  ReplayMemory,
  verifySignature,
} from '@interpeer/crypto-ids'
import { createBatchVerifier, generateKey, type SignedBytes } from '@interpeer/crypto-ids/node'
import { bolt04Key, bolt04Onion } from '@interpeer/crypto-ids/onion-secp256k1'
import { type Figure, percentile } from '../figures.ts'

const [ROUNDS, AT_ONCE] = [61, 100]
const MESSAGE_BYTES = 300
/** As many keys as the largest usual group has members. */
const SIGNERS = 17
const [BATCH_ROUNDS, BATCH] = [15, 1_000]
const [PEEL_ROUNDS, PEELS_AT_ONCE] = [41, 20]

/**
 * Signatures and onions. Both sides take turns, and what a figure states is the median time of a round: 100 signatures checked, a batch of
 * 1,000, 20 layers peeled. All on one thread but the batch, which is compared with the same check on one.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const compare of [verifications, batches, peels]) {
    figures.push(await compare(say))
    await new Promise(setImmediate) // lets a signal in
    signal.throwIfAborted()
  }
  return figures
}

/** Our rule, as it is called: bytes in. The peer is Node's verifier alone, its key objects made before. */
async function verifications(say: (line: string) => void): Promise<Figure> {
  say(`${ROUNDS} rounds of ${AT_ONCE} signatures of ${SIGNERS} keys, ${MESSAGE_BYTES} bytes each`)
  const signed = signatures(AT_ONCE).map((one) => ({ ...one, keyObject: keyObjectOf(one.publicKey) }))
  const times = await inTurns(
    ROUNDS,
    () => signed.every(holds),
    () => signed.every(({ signature, message, keyObject }) => verify(null, message, keyObject, signature)),
  )
  return figure('crypto/verify', times, 'bare crypto.verify')
}

/** The same on the thread pool, beside one thread. */
async function batches(say: (line: string) => void): Promise<Figure> {
  say(`${BATCH_ROUNDS} batches of ${BATCH} signatures`)
  const signed = signatures(BATCH)
  const verifier = createBatchVerifier()
  const times = await inTurns(
    BATCH_ROUNDS,
    async () => (await verifier.verify(signed)).every(Boolean),
    () => signed.every(holds),
  )
  return figure('crypto/verify-batch', times, 'verifySignature, one by one')
}

const holds = ({ signature, message, publicKey }: SignedBytes) => verifySignature(signature, message, publicKey)

function signatures(count: number): SignedBytes[] {
  const signers = Array.from({ length: SIGNERS }, () => createSigner(generateKey()))
  return Array.from({ length: count }, (_, i) => {
    const { publicKey, sign } = signers[i % SIGNERS] as (typeof signers)[number]
    const message = new Uint8Array(MESSAGE_BYTES).fill(i)
    return { message, publicKey, signature: sign(message) }
  })
}

/** One hop of three, replay memory and all, of our cells and of BOLT-04's packets. */
async function peels(say: (line: string) => void): Promise<Figure> {
  say(`${PEEL_ROUNDS} rounds of ${PEELS_AT_ONCE} onions`)
  const ours = peeler(onionCell, createAgreement, (secret) => createAgreement(secret).publicKey)
  const peer = peeler(bolt04Onion, bolt04Key, (secret) => bolt04Onion.group.publicKeyOf(secret))
  return figure('crypto/onion-peel', await inTurns(PEEL_ROUNDS, ours, peer), 'secp256k1 on noble (BOLT-04)')
}

function peeler(format: OnionFormat, keyOf: (secret: Uint8Array) => OnionKey, publicKeyOf: (secret: Uint8Array) => Uint8Array) {
  const associatedData = new Uint8Array(32)
  const secrets = [generateKey(), generateKey(), generateKey()]
  const hops = secrets.map((secret) => ({ publicKey: publicKeyOf(secret), payload: new Uint8Array(64) }))
  const packets = Array.from({ length: PEELS_AT_ONCE }, () => createOnion(format, { hops, associatedData, sessionKey: generateKey() }))
  const key = keyOf(secrets[0] as Uint8Array)
  return () => {
    const memory = new ReplayMemory({ tagsMax: PEELS_AT_ONCE, keepMs: 1 }) // the same packets come again each round
    return packets.every((packet) => peelOnion(format, packet, key, { associatedData, memory, nowMs: 0 }).next !== undefined)
  }
}

type Round = () => boolean | Promise<boolean>

/** Times of both sides, who take turns at going first. The first tenth, before the compiler has seen them, is not counted. */
async function inTurns(rounds: number, ours: Round, peer: Round): Promise<readonly [number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  const unmeasured = Math.ceil(rounds / 10)
  for (let round = -unmeasured; round < rounds; round++) {
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const start = performance.now()
      if (!(await (side === 0 ? ours : peer)())) throw new Error('something valid was refused')
      if (round >= 0) times[side].push(performance.now() - start)
    }
  }
  return times
}

const figure = (id: string, [ours, peer]: readonly [number[], number[]], peerName: string): Figure => ({
  id,
  ours: percentile(ours, 50),
  peer: percentile(peer, 50),
  peerName,
  unit: 'ms',
})

const SPKI_START = Buffer.from('302a300506032b6570032100', 'hex')
const keyObjectOf = (publicKey: Uint8Array) => createPublicKey({ key: Buffer.concat([SPKI_START, publicKey]), format: 'der', type: 'spki' })
