import { sha256 } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'

/** q: how many of N members decide (design §6). */
export const quorumOf = (memberCount: number): number => Math.floor((2 * memberCount) / 3) + 1

/** So many time-outs of a higher rank make a member join it: at least one comes from someone honest. */
export const joinCountOf = (memberCount: number): number => memberCount - quorumOf(memberCount) + 1

/**
 * The seats in the order in which their members collate a step: a permutation drawn from the epoch's chain seed (WP §6.2.1.1: "One
 * peer is selected to collate the data and send it back to every peer in the group"). Rank r belongs to seat `order[r mod N]`.
 */
export function collatorOrder(chainSeed: Uint8Array, step: number, memberCount: number): readonly number[] {
  const seats = Array.from({ length: memberCount }, (_, seat) => seat)
  let [block, at, counter] = [new Uint8Array(0), 0, 0]
  const draw = (limit: number): number => {
    const unbiased = 65_536 - (65_536 % limit)
    for (;;) {
      if (at + 2 > block.length) {
        block = Uint8Array.from(sha256(concatBytes(chainSeed, numberBytes(step), numberBytes(counter++))))
        at = 0
      }
      const value = (block[at] as number) * 256 + (block[at + 1] as number)
      at += 2
      if (value < unbiased) return value % limit
    }
  }
  for (let i = memberCount - 1; i > 0; i--) {
    const j = draw(i + 1)
    ;[seats[i], seats[j]] = [seats[j] as number, seats[i] as number]
  }
  return seats
}

const numberBytes = (n: number): Uint8Array => Uint8Array.of((n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff)
