import { bytesOfContentId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type Certificate, type Header, hashOfHeader, headerMessage } from '../block.js'
import { electorateOf } from '../electorate.js'
import { ChainError } from '../errors.js'
import type { Genesis } from '../genesis.js'
import { checkCertificateLightly, type PickedVotes } from '../light.js'
import type { Verification } from '../verification.js'

/** What a light client knows: one block that it trusts, and nothing of the chain's state. Some hundred bytes. */
export interface LightChain {
  readonly height: number
  /** The block's hash; of height 0 the digest in the network id. */
  readonly hash: Uint8Array
  readonly seed: Uint8Array
  /** The root of the electorate that votes on the next block. */
  readonly electorate: Uint8Array
  /** The setting `rootGroupSize`, which is fixed. */
  readonly sizeMax: number
  /** Null at height 0. */
  readonly header: Header | null
}

/** Before the first block: of all a client needs to trust the least. */
export function lightFromGenesis({ network, seed, peers, settings }: Genesis): LightChain {
  const { map } = electorateOf(peers, settings.rootGroupSize)
  const hash = bytesOfContentId(network).slice(4)
  return { height: 0, hash, seed, electorate: map.root.hash, sizeMax: settings.rootGroupSize, header: null }
}
/** From a header that is trusted: its hash comes with the client, or several peers that don't know each other say the same. */
export function lightFromHeader(header: Header, sizeMax: number): LightChain {
  const { height, seed, electorate } = header
  return { height, hash: hashOfHeader(header), seed, electorate, sizeMax, header }
}

/**
 * Headers that follow a block that is trusted, each naming the one before by its hash.
 * @throws {ChainError} HEADER_WRONG: one does not follow @throws {WireError}
 */
export function linkedHeaders({ height, hash }: Pick<LightChain, 'height' | 'hash'>, encoded: readonly Uint8Array[]): readonly Header[] {
  let [at, previous] = [height, hash]
  return encoded.map((bytes) => {
    const header = headerMessage.decode(bytes)
    if (header.height !== ++at || !sameBytes(header.previous, previous)) throw new ChainError({ code: 'HEADER_WRONG' })
    previous = hashOfHeader(header)
    return header
  })
}

/**
 * What a certificate of the last of some headers that follow is to be checked with. It may be far ahead, as long as the electorate is the one that is
 * known: whoever can't make a quorum of that can't for any seed. Where it changed, a client goes on to the first header that says so, and from there.
 * @returns how many of the headers one certificate may cover: that of the last of these, at most
 */
export function stepOfHeaders({ electorate }: LightChain, headers: readonly Header[]): number {
  const changed = headers.findIndex((header) => !sameBytes(header.electorate, electorate))
  return changed < 0 ? headers.length : changed + 1
}

/** A certificate of the last header, of which the votes picked were proven. */
export interface CertifiedHeaders {
  readonly headers: readonly Uint8Array[]
  readonly certificate: Certificate
  readonly picked: PickedVotes
}
/**
 * Follows the chain by headers and one certificate, of the last of them (vote-chain.md, For light clients): what the client trusts from then on.
 * @param picked places of the client's own choice (`pickVotes`) and proofs of their voters in the electorate that is known
 * @throws {ChainError} HEADER_WRONG, CERTIFICATE_WRONG; LIGHT_STEP_LONG: the electorate changed on the way (`stepOfHeaders`)
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError}
 */
export function followLightly(
  light: LightChain,
  { headers: encoded, certificate, picked }: CertifiedHeaders,
  verification: Verification,
): LightChain {
  const headers = linkedHeaders(light, encoded)
  const last = headers.at(-1)
  if (last === undefined) return light
  if (stepOfHeaders(light, headers) < headers.length) throw new ChainError({ code: 'LIGHT_STEP_LONG', height: light.height })
  const { electorate, sizeMax } = light
  const group = { height: last.height, seed: headers.at(-2)?.seed ?? light.seed, electorate, sizeMax }
  const next = lightFromHeader(last, sizeMax)
  checkCertificateLightly(certificate, { height: last.height, hash: next.hash }, group, picked, verification)
  return next
}
