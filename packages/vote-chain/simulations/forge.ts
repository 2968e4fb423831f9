import { type PeerId, type Signer, sealOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { compareBytes, concatBytes } from '@interpeer/wire-codec'
import { type Certificate, type CertifiedBlock, encodeBlock } from '../src/block.js'
import { beginTip, makeBlock, tipAfter } from '../src/candidate.js'
import { seedInput } from '../src/electorate.js'
import { GOSSIP } from '../src/gossip/gossip.js'
import type { Application, Fixed, Tip } from '../src/index.js'
import { voteMessage } from '../src/messages.js'

/** What a chain agrees on where its electors change: who they are, and which bytes came. */
export interface Roll {
  readonly electors: readonly PeerId[]
  readonly count: number
  readonly digest: Uint8Array
}
/** The first byte of a transaction after which one of `all` leaves, and another comes: their numbers follow. */
export const REPLACE = 3

/** Any bytes are welcome; some of them change who votes. */
export function rollOf(all: readonly Signer[]): Application<Roll> {
  const sorted = (peers: readonly PeerId[]): readonly PeerId[] =>
    all
      .filter(({ peerId }) => peers.includes(peerId))
      .sort((a, b) => compareBytes(a.publicKey, b.publicKey))
      .map(({ peerId }) => peerId)
  return {
    begin: ({ seed, peers }) => ({ electors: sorted(peers), count: 0, digest: seed }),
    apply(state, transactions) {
      const after = transactions.reduce<Roll>(({ electors, count, digest }, bytes) => {
        const [kind, out = 0, into = 0] = bytes
        const changed = electors.filter((peer) => peer !== all[out]?.peerId).concat(all[into]?.peerId ?? [])
        return { electors: kind === REPLACE ? sorted(changed) : electors, count: count + 1, digest: sha256(concatBytes(digest, bytes)) }
      }, state)
      return { state: after, refused: [] }
    },
    dataSets: ({ count, digest }) => {
      const set = (name: string) => sealOf(name, [])
      return { ledger: digest, settings: set('settings'), names: set('names'), peers: sealOf('count', [count]), jobs: set('jobs') }
    },
    electorate: ({ electors }) => electors,
    check: (_, bytes) => (bytes.length === 0 ? 'ROLL_EMPTY' : undefined),
  }
}

/** What a machine has, but for its key, its ways of passing on, and what a checkpoint showed it. */
type Hands<S> = Omit<Fixed<S>, 'signer' | 'gossip' | 'proven'>

const USUAL = { gossip: GOSSIP, proven: () => undefined }

/** A block and its certificate as whoever has these keys can make them, without anybody else: the code of those who are honest, in other hands. */
export function madeBlock<S>(
  fixed: Hands<S>,
  tip: Tip<S>,
  {
    leader,
    voters,
    transactions = [],
  }: { readonly leader: Signer; readonly voters: readonly Signer[]; readonly transactions?: readonly Uint8Array[] },
): { readonly tip: Tip<S>; readonly block: CertifiedBlock; readonly bytes: Uint8Array } {
  const height = tip.height + 1
  const proof = leader.vrfProve(seedInput(tip.seed, height))
  const output = fixed.verification.ownOutput(proof) as Uint8Array
  const made = makeBlock({ ...fixed, signer: leader, ...USUAL }, tip, { proof, output }, transactions, 0)
  const votes = voters.map((signer) => certifyVote(fixed, signer, height, made.hash))
  const certificate: Certificate = { height, round: 0, block: made.hash, votes }
  const block = { header: made.header, body: made.body, certificate }
  return { tip: tipAfter(tip, made, certificate), block, bytes: encodeBlock(block) }
}
function certifyVote<S>({ network }: Pick<Hands<S>, 'network'>, signer: Signer, height: number, block: Uint8Array): Uint8Array {
  const value = { height, round: 0, kind: 'certify' as const, attempt: 0, block, voter: signer.publicKey, proof: null }
  return signMessage(voteMessage, value, signer, network)
}

/** The block before height 1. */
export const firstTip = <S>(fixed: Hands<S>, signer: Signer): Tip<S> => beginTip({ ...fixed, signer, ...USUAL })
