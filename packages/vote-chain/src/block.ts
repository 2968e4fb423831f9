import { sha256 } from '@interpeer/crypto-ids'
import {
  bytes,
  bytesMax,
  decodeWith,
  encodeWith,
  hexOf,
  type Infer,
  list,
  message,
  nullable,
  sameBytes,
  struct,
  uint32,
  uint53,
} from '@interpeer/wire-codec'
import { ChainError } from './errors.js'

export const HEADER_BYTES_MAX = 500
/** A vote in its envelope, and the two bytes before it in a list. */
export const VOTE_BYTES_MAX = 250
/** Votes of one step that a list holds, and a message beside a body: a quorum of the largest group, and half as many more. */
export const VOTES_MAX = 2_048
/** A body, and beside it in one proposal the certificate of the block before and a bundle: a message, and six of them in a peer's record. */
const PROPOSED_BYTES_MAX = 980_000
/** Most votes of a certificate, or of a bundle: as many as fit beside a full body. A genesis has a quorum among them. */
export const certificateVotesMax = (blockBytesMax: number): number =>
  Math.min(VOTES_MAX, Math.floor((PROPOSED_BYTES_MAX - blockBytesMax) / 2 / VOTE_BYTES_MAX))
/** The largest body beside which so many votes fit. */
export const blockBytesMaxFor = (votes: number): number => PROPOSED_BYTES_MAX - 2 * VOTE_BYTES_MAX * votes
export const TRANSACTION_BYTES_MAX = 327_680
export const BODY_BYTES_MAX = 524_288
const TRANSACTIONS_MAX = 4096

const hash = bytes(32)

/**
 * References only, at most 500 bytes (§6.7). A data set has the hash of the data after this block. The white paper's second hash
 * of each set, of the peers and signatures that verified it, is one for all five: one certificate verifies the whole header, and
 * `certificate` is the hash of the one over the block before.
 */
export const headerMessage = message(
  'block-header',
  81,
  1,
  {
    height: uint53,
    timeMs: uint53,
    previous: hash, // of the header before; the hash of the genesis at height 1
    leader: hash, // public key of who made this block
    proof: bytes(80), // its VRF on (seed before, height)
    seed: hash,
    electorate: hash, // of the map of those who may vote on this block
    certificate: hash, // of the certificate of the block before; zeros at height 1
    ledger: hash,
    settings: hash,
    names: hash,
    peers: hash,
    jobs: hash,
    body: hash,
  },
  { maxBytes: HEADER_BYTES_MAX },
)
export type Header = Infer<typeof headerMessage>

/** The hashes of the five data sets that the chain vouches for (§6.7). */
export type DataSets = Readonly<Pick<Header, 'ledger' | 'settings' | 'names' | 'peers' | 'jobs'>>
export const DATA_SETS = ['ledger', 'settings', 'names', 'peers', 'jobs'] as const

/** A quorum's votes for one block: final. `votes` are signed `chain-vote` envelopes, so anyone can check them. */
export const certificateSchema = struct({
  height: uint53,
  round: uint32,
  block: hash,
  votes: list(bytesMax(VOTE_BYTES_MAX), VOTES_MAX),
})
export type Certificate = Infer<typeof certificateSchema>

/**
 * What a block changes: transactions, and who certified the block before, who are paid: of its electorate, in order, how many did
 * not before each that did. The certificate itself goes beside the body in a proposal, to those who vote (ADR 0033).
 */
export const bodySchema = struct({
  certifiers: list(uint32, VOTES_MAX),
  transactions: list(bytesMax(TRANSACTION_BYTES_MAX), TRANSACTIONS_MAX),
})
export type Body = Infer<typeof bodySchema>

/** A block as kept on disk and handed to those who catch up. Without its certificate, where nobody may go on from before it (`trustedCycles`). */
export const storedBlockSchema = struct({
  header: bytesMax(HEADER_BYTES_MAX),
  body: bytesMax(BODY_BYTES_MAX),
  certificate: nullable(certificateSchema),
})
export const STORED_BLOCK_BYTES_MAX = 983_040

export interface Block {
  readonly header: Header
  readonly body: Body
  /** Null: it is kept no more. */
  readonly certificate: Certificate | null
}

/** One with its certificate, as each is that becomes final. */
export type CertifiedBlock = Block & { readonly certificate: Certificate }

export const hashOfHeader = (header: Header): Uint8Array => sha256(headerMessage.encode(header))
/**
 * The header whose hash is known from a place that is trusted. What it says of data sets can then be checked with proofs alone.
 * @throws {ChainError} HEADER_WRONG: another header, or none @throws {WireError}
 */
export function checkHeader(hashOfBlock: Uint8Array, encoded: Uint8Array): Header {
  if (encoded.length > HEADER_BYTES_MAX || !sameBytes(sha256(encoded), hashOfBlock)) throw new ChainError({ code: 'HEADER_WRONG' })
  return headerMessage.decode(encoded)
}
export const encodeBody = (body: Body): Uint8Array => encodeWith(bodySchema, body, BODY_BYTES_MAX)
/** @throws {WireError} */
export const decodeBody = (encoded: Uint8Array): Body => decodeWith(bodySchema, encoded, BODY_BYTES_MAX)
export const hashOfCertificate = (certificate: Certificate | null): Uint8Array =>
  certificate === null ? new Uint8Array(32) : sha256(encodeWith(certificateSchema, certificate))

/** The bytes of a `block` effect, to be kept and given back to `openChain`. */
export function encodeBlock({ header, body, certificate }: Block): Uint8Array {
  return encodeWith(
    storedBlockSchema,
    { header: headerMessage.encode(header), body: encodeBody(body), certificate },
    STORED_BLOCK_BYTES_MAX,
  )
}
/** Reads a block and verifies nothing. @throws {WireError} */
export function decodeBlock(encoded: Uint8Array): Block {
  const { header, body, certificate } = decodeWith(storedBlockSchema, encoded, STORED_BLOCK_BYTES_MAX)
  return { header: headerMessage.decode(header), body: decodeBody(body), certificate }
}

/** A stored block without its certificate. Undefined: it has none. @throws {WireError} */
export function withoutCertificate(encoded: Uint8Array): Uint8Array | undefined {
  const stored = decodeWith(storedBlockSchema, encoded, STORED_BLOCK_BYTES_MAX)
  if (stored.certificate === null) return undefined
  return encodeWith(storedBlockSchema, { ...stored, certificate: null }, STORED_BLOCK_BYTES_MAX)
}

/** A block's name in logs and pages, and its key in maps. */
export const nameOfBlock = (blockHash: Uint8Array): string => hexOf(blockHash)
