import { createHash } from 'node:crypto'
import { createSigner, keyOfPeerId, type PeerId, peerIdOfKey, type Signer, signMessage, vrfOutputOfOwn } from '@interpeer/crypto-ids'
import { type Certificate, type Genesis, type Header, hashOfHeader, isDrawn, lotInput, voteMessage } from '@interpeer/vote-chain'
import { compareBytes } from '@interpeer/wire-codec'

const sizeOf = (name: string, usual: number): number => Number(process.env[name] ?? usual)
/** `BENCH_CHAIN_ACCOUNTS`, `BENCH_CHAIN_PEERS` (more than a root group): a smaller network, for a look that does not take minutes. */
export const [ACCOUNTS, PEERS] = [sizeOf('BENCH_CHAIN_ACCOUNTS', 1_000_000), sizeOf('BENCH_CHAIN_PEERS', 100_000)]
/** Real votes of each certificate: those that are looked at. The others are as large. */
const REAL_VOTES = 64
export const hashOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

export interface Drawn {
  readonly signer: Signer
  readonly proof: Uint8Array
}
/** Signers that the seeds of these heights draw, of so many electors: by trying keys. */
export function drawnSigners(
  heights: readonly { readonly height: number; readonly seed: Uint8Array }[],
  size: number,
  signal: AbortSignal,
): ReadonlyMap<number, readonly Drawn[]> {
  const drawn = new Map(heights.map(({ height }) => [height, [] as Drawn[]]))
  for (let i = 0; [...drawn.values()].some((found) => found.length < REAL_VOTES); i++) {
    signal.throwIfAborted()
    const signer = createSigner(hashOf(`voter ${i}`))
    for (const { height, seed } of heights) {
      const found = drawn.get(height) as Drawn[]
      if (found.length === REAL_VOTES) continue
      const proof = signer.vrfProve(lotInput(seed, height, 0, 'certify', 0))
      const output = vrfOutputOfOwn(proof)
      if (output !== undefined && isDrawn(output, Math.min(size, PEERS), PEERS)) found.push({ signer, proof })
    }
  }
  return drawn
}

/** Keys are hashes of numbers that are points of the curve, as keys of real peers are; sorted. */
export function manyPeers(real: readonly PeerId[]): readonly PeerId[] {
  const found = [...real]
  for (let i = 0; found.length < PEERS; i++) {
    try {
      found.push(peerIdOfKey(hashOf(`peer ${i}`)))
    } catch {
      // no point of the curve
    }
  }
  const keyed = found.map((peer) => ({ peer, key: keyOfPeerId(peer) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ peer }) => peer)
}

/** A quorum's certificate, or none. The votes that are not looked at have keys, proofs and signatures of the same size. */
export function certificateOf(header: Header, drawn: readonly Drawn[], genesis: Genesis): Certificate {
  const block = hashOfHeader(header)
  const certificate = { height: header.height, round: 0, block }
  if (drawn.length === 0) return { ...certificate, votes: [] }
  const quorum = Math.floor((genesis.settings.rootGroupSize * 685) / 1000) + 1
  const [first] = drawn as [Drawn]
  const votes = Array.from({ length: quorum }, (_, i) => {
    const { signer, proof } = drawn[i] ?? first
    const voter = i < drawn.length ? signer.publicKey : hashOf(`vote ${i}`)
    const said = { height: header.height, round: 0, kind: 'certify' as const, attempt: 0, block, voter, proof }
    return signMessage(voteMessage, said, signer, genesis.network)
  })
  return { ...certificate, votes }
}
