import { sha256 } from '@interpeer/crypto-ids'
import { seatOfTicket, shuffleOf } from '@interpeer/job-scheduler'
import { Random } from '@interpeer/simulator'

/** Draws for each peer: with 1,000 peers a million. */
const DRAWS_PER_PEER = 1_000
const TICKETS_MAX = 4

/**
 * Whether seats fall to peers as often as their tickets say: a chi-square test over a thousand draws for each peer, of seeds that follow each other as a
 * chain's do, half as many seats as peers a seed. Peers have one to four tickets. Each winner also finds its seat the other way round.
 */
export function simulate({ seed, peers }: { readonly seed: number; readonly peers: number }) {
  const random = new Random(seed)
  const owned = Array.from({ length: peers }, () => 1 + random.below(TICKETS_MAX))
  const owners = owned.flatMap((tickets, peer) => Array<number>(tickets).fill(peer))
  const seats = Math.max(1, Math.floor(peers / 2))
  const won = Array<number>(peers).fill(0)
  let [chainSeed, draws, lost] = [sha256(random.bytes(32)), 0, 0]
  while (draws < peers * DRAWS_PER_PEER) {
    chainSeed = sha256(chainSeed)
    const shuffle = shuffleOf(owners.length, chainSeed)
    for (let seat = 0; seat < seats; seat++, draws++) {
      const ticket = shuffle.at(seat)
      const winner = owners[ticket] as number
      won[winner] = (won[winner] as number) + 1
      if (draws % 64 === 0 && seatOfTicket({ shuffle, seats }, ticket).seat !== seat) lost++
    }
  }
  const chiSquare = won.reduce((sum, seen, peer) => {
    const expected = (draws * (owned[peer] as number)) / owners.length
    return sum + (seen - expected) ** 2 / expected
  }, 0)
  const freedom = peers - 1
  // of a chi-square with many degrees of freedom, this is about normal; a draw without replacement within a seed spreads a little less
  const deviations = (chiSquare - freedom) / Math.sqrt(2 * freedom)
  const figures = { draws, freedom, chiSquare: Math.round(chiSquare), deviationsPerMille: Math.round(deviations * 1_000) }
  const problem = lost > 0 ? 'a winner does not find its seat' : deviations > 4 ? 'some peers win too often' : undefined
  return {
    verdict: problem === undefined ? ('pass' as const) : ('fail' as const),
    figures: problem === undefined ? figures : { ...figures, problem },
    digest: Buffer.from(sha256(Uint8Array.from(won.flatMap((n) => [n & 0xff, (n >> 8) & 0xff])))).toString('hex'),
  }
}
