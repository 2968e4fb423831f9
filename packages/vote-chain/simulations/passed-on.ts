import { CryptoError, type PeerId, peekMessageNumber, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { gossipMessage, haveMessage, numberOfNeighbours } from '../src/gossip/messages.js'
import { nameOfMessage } from '../src/gossip/seen.js'
import type { Verification } from '../src/index.js'
import { openVote, voteMessage } from '../src/messages.js'

const votesIn = (envelope: Uint8Array): readonly Uint8Array[] =>
  numberOfNeighbours(envelope) === gossipMessage.number ? gossipMessage.decode(envelope).votes : []

/** Those of one voter among votes that are passed on. */
export function ownVotesIn(envelope: Uint8Array, publicKey: Uint8Array): readonly Uint8Array[] {
  return votesIn(envelope).filter((vote) => {
    const payload = peekMessageNumber(vote) === voteMessage.number ? peekPayload(vote) : undefined
    return payload !== undefined && sameBytes(voteMessage.decode(payload).voter, publicKey)
  })
}

/**
 * What one honest peer passes on in one of its lives (rules 14, 17 and 18 of docs/protocol/vote-chain.md): nothing but votes that an elector signed, and each to one neighbour once, and
 * once more for each time that it said what it has. Its own goes on a second time where it comes back after its block was final without it (rule 8).
 */
export class PassedOn {
  readonly #self: PeerId
  readonly #electors: ReadonlySet<PeerId>
  readonly #given = new Map<string, number>()
  readonly #asked = new Map<PeerId, number>()

  constructor(self: PeerId, electors: ReadonlySet<PeerId>) {
    this.#self = self
    this.#electors = electors
  }
  hear(from: PeerId, envelope: Uint8Array): void {
    if (numberOfNeighbours(envelope) === haveMessage.number) this.#asked.set(from, (this.#asked.get(from) ?? 0) + 1)
  }
  /** What is wrong with saying this now; undefined: nothing, or it passes nothing on. */
  add(to: PeerId, envelope: Uint8Array, verification: Verification): string | undefined {
    for (const vote of votesIn(envelope)) {
      const voter = this.#voterOf(vote, verification)
      if (voter === undefined) return 'an honest peer passed on what is no vote of an elector'
      const name = `${to} ${nameOfMessage(vote)}`
      const times = (this.#given.get(name) ?? 0) + 1
      this.#given.set(name, times)
      if (times > 1 + Number(voter === this.#self) + (this.#asked.get(to) ?? 0)) return 'an honest peer passed the same vote on twice'
    }
    return undefined
  }
  #voterOf(vote: Uint8Array, { opener }: Verification): PeerId | undefined {
    try {
      const voter = peerIdOfKey(openVote(vote, opener).voter)
      return this.#electors.has(voter) ? voter : undefined
    } catch (error) {
      if (error instanceof CryptoError || error instanceof WireError) return undefined
      throw error
    }
  }
}
