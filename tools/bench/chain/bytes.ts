import { createSigner, networkIdOf, signMessage } from '@interpeer/crypto-ids'
import { bodySchema, type Certificate, certificateSchema, type Header, headerMessage, SETTINGS, voteMessage } from '@interpeer/vote-chain'
import { encodeWith } from '@interpeer/wire-codec'
import type { Figure } from '../figures.ts'

/** One block a minute. */
const BLOCKS_A_DAY = 1_440
/**
 * Bitcoin on a usual day: 350,000 payments ("consistently ranged between 300,000 to 400,000 transactions per day", btccontract.de, Bitcoin Transaction Statistics) of 265
 * bytes ("the (mean) average of the block median transaction sizes is around 265 bytes", where the mean of all is 590: blockchainanalysis.co.uk/bitcoin-block-size, from
 * Bitcoin Core's getblockstats), and 144 headers of 80 bytes. The lesser size makes our share the larger one.
 */
const BITCOIN_BYTES_A_DAY = 350_000 * 265 + 144 * 80
/** A quorum of a root group of that size: floor(0.685 E') + 1. */
const VOTES = Math.floor((SETTINGS.rootGroupSize.max * 685) / 1000) + 1

/** How many of a million electors did not certify before each that did. */
const SKIPPED = Array.from({ length: VOTES }, () => Math.floor(1_000_000 / VOTES) - 1)

/**
 * What a day's headers and certificates come to (WP §6.7), of a chain a hundred years old, in percent of what Bitcoin keeps for as many payments as it makes: the
 * chain's do not grow with payments. Certificates are kept for checkpoints and the last blocks only (`-kept`); here they count as if all were. `-certifiers`: who certified the block
 * before, in each body.
 */
export function measureBytes(): Figure[] {
  const header = headerMessage.encode(oldHeader()).length
  const certificate = encodeWith(certificateSchema, fullCertificate()).length
  const share = (id: string, bytes: number): Figure => ({
    ...{ id, ours: (100 * bytes * BLOCKS_A_DAY) / BITCOIN_BYTES_A_DAY, peer: null, peerName: null, unit: '%' },
  })
  const { checkpointCycles } = SETTINGS
  return [
    share('chain/bytes', header),
    share('chain/bytes-certificates', certificate),
    share('chain/bytes-certificates-kept', certificate / checkpointCycles.usual),
    share('chain/bytes-certifiers', encodeWith(bodySchema, { certifiers: SKIPPED, transactions: [] }).length),
  ]
}

const full = (length: number): Uint8Array => new Uint8Array(length).fill(0xff)
const HEIGHT = 100 * 365 * BLOCKS_A_DAY
function oldHeader(): Header {
  const hash = full(32)
  const sets = { ledger: hash, settings: hash, names: hash, peers: hash, jobs: hash }
  const rest = { previous: hash, leader: hash, seed: hash, electorate: hash, certificate: hash, body: hash }
  return { height: HEIGHT, timeMs: Date.UTC(2126, 0), proof: full(80), ...rest, ...sets }
}
/** Votes of a drawn group, each with its proof. */
function fullCertificate(): Certificate {
  const [signer, network, block] = [createSigner(new Uint8Array(32).fill(7)), networkIdOf(Uint8Array.of(1)), full(32)]
  const said = { height: HEIGHT, round: 0, kind: 'certify' as const, attempt: 0, block, voter: signer.publicKey, proof: full(80) }
  const vote = signMessage(voteMessage, said, signer, network)
  return { height: HEIGHT, round: 0, block, votes: Array.from({ length: VOTES }, () => vote) }
}
