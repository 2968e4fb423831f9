import { createSigner, vrfVerify } from '@interpeer/crypto-ids'
import { bstr, cidOf, type Key, keyOf, type SignedAs, sha256, tstr } from './cose.js'
import { type Fields, hexOfWords, linkTo, makerOf, named, sealOf, seedOfByte, uint } from './maker.js'
import { type OwnPlace, ownOf } from './own-parts.js'
import { NETWORK } from './signed-cases.js'

export const { rule: ruleOf, encode, sign } = makerOf('peer-group', NETWORK)

export const memberKeys = (count: number): readonly Key[] => Array.from({ length: count }, (_, i) => keyOf(seedOfByte(0x10 + i)))
export const STRANGER = keyOf(seedOfByte(0x7f))
export const GROUP = { network: NETWORK, job: cidOf(hexOfWords('a job')), epoch: 3 }
export const START = linkTo('the group state before')
export const NOW_MS = 1_700_000_000_000

/** VRF (RFC 9381) by crypto-ids, whose own vectors hold it to the RFC's. */
export function vrfProof(key: Key, alpha: string): string {
  return Buffer.from(createSigner(Buffer.from(key.seed, 'hex')).vrfProve(Uint8Array.from(Buffer.from(alpha, 'hex')))).toString('hex')
}
export function vrfOutput(key: Key, alpha: string, proof: string): string {
  const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
  return Buffer.from(vrfVerify(bytes(key.publicKey), bytes(alpha), bytes(proof)) ?? []).toString('hex')
}
export const seedAlpha = (network: string, job: string, epoch: number, step: number): string =>
  `85${tstr('interpeer-batch-seed')}${bstr(network)}${bstr(job)}${uint(epoch)}${uint(step)}`

const proofs = new Map<string, string>()
export function batchOf(collator: Key, step: number, changes: Fields = {}): string {
  const alpha = seedAlpha(GROUP.network, GROUP.job, GROUP.epoch, step)
  const proof = proofs.get(collator.seed + alpha) ?? vrfProof(collator, alpha)
  proofs.set(collator.seed + alpha, proof)
  const value = {
    job: GROUP.job,
    epoch: GROUP.epoch,
    step,
    ancestors: [],
    from: START,
    collator: collator.publicKey,
    timeMs: NOW_MS,
    proof,
    requests: [],
    final: 0,
    disputed: 0,
    dissents: [],
    closing: false,
    events: [],
    settled: '0',
    mayPay: '0',
    outcomes: [],
    payments: [],
    ...changes,
  }
  return encode('group-batch', value)
}

export interface Place {
  readonly step: number
  readonly rank: number
  /** SHA-256 of the batch. */
  readonly batch: string
}
export interface SealParts extends Place {
  readonly network: string
  readonly job: string
  readonly epoch: number
  readonly from: string
  readonly salt: string
  readonly answer: Fields
}
export const answerFor = (key: Key, place: Place, changes: Fields = {}): Fields => ({
  root: linkTo('the group state after'),
  responses: sealOf('interpeer-group-responses', [uint(0), bstr(sha256(''))]),
  effects: sealOf('interpeer-group-effects', []),
  fuel: 0,
  final: 0,
  disputed: 0,
  own: ownOf(ownPlaceOf(key, place), TRANSCRIPT),
  ...changes,
})
/** The execution that `answerFor` tells of. */
export const TRANSCRIPT = named('the execution')
export const ownPlaceOf = (key: Key, { step, batch }: Place): OwnPlace => ({ ...GROUP, step, batch, from: key.publicKey })
export const saltOf = (key: Key): string => named(`salt of ${key.publicKey}`)

/** The seal by its description in the CDDL. */
export function sealHash({ network, job, epoch, step, rank, batch, from, salt, answer }: SealParts): string {
  const { root, responses, effects, fuel, final, disputed, own } = answer as Record<string, string>
  const numbers = [fuel, final, disputed].map((one) => uint(Number(one))).join('')
  const inner = `87${bstr(root as string)}${bstr(responses as string)}${bstr(effects as string)}${numbers}${bstr(own as string)}`
  const parts = [bstr(network), bstr(job), uint(epoch), uint(step), uint(rank), bstr(batch), bstr(from), bstr(salt), inner]
  return sealOf('interpeer-group-seal', parts)
}
export function sealParts(key: Key, place: Place, answer: Fields = answerFor(key, place)): SealParts {
  return { ...GROUP, ...place, from: key.publicKey, salt: saltOf(key), answer }
}
export function sealEnvelope(
  key: Key,
  place: Place,
  changes: Fields = {},
  parts: Partial<SealParts> = {},
  as: Partial<SignedAs> = {},
): string {
  const { job, epoch } = GROUP
  const seal = sealHash({ ...sealParts(key, place), ...parts })
  return sign('group-seal', { job, epoch, ...place, from: key.publicKey, seal, ...changes } as unknown as Fields, key, as)
}
export function revealValue(key: Key, place: Place, changes: Fields = {}): Fields {
  const { job, epoch } = GROUP
  const { answer = {}, ...others } = changes
  const value = { job, epoch, ...place, from: key.publicKey, start: START, salt: saltOf(key), ...others }
  return { ...value, answer: answerFor(key, place, answer as Fields) } as unknown as Fields
}
export const revealEnvelope = (key: Key, place: Place, changes: Fields = {}, as: Partial<SignedAs> = {}): string =>
  sign('group-reveal', revealValue(key, place, changes), key, as)

export const certificateOf = (place: Place, reveals: readonly string[], changes: Fields = {}): string =>
  encode('group-certificate', { job: GROUP.job, epoch: GROUP.epoch, ...place, reveals, ...changes } as unknown as Fields)
