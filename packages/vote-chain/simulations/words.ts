import { peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { headerMessage } from '../src/index.js'
import { proposalMessage, voteMessage } from '../src/messages.js'

/**
 * Everything that one honest peer ever said to anybody, over all its lives: nothing may contradict what was said before. Each of a height's blocks is somebody's only one; of
 * each round a soft and a certify vote is for one block; who ended a round for none or for two blocks certifies nothing in it afterwards.
 */
export class Words {
  readonly #said = new Map<string, string>()
  readonly #ended = new Map<string, Set<string>>()

  /** What is wrong with saying this now; undefined: nothing, or it is no vote and no proposal. */
  add(publicKey: Uint8Array, envelope: Uint8Array): string | undefined {
    const number = peekMessageNumber(envelope)
    const payload = number === voteMessage.number || number === proposalMessage.number ? peekPayload(envelope) : undefined
    if (payload === undefined) return undefined
    if (number === proposalMessage.number) {
      const header = headerMessage.decode(proposalMessage.decode(payload).header)
      if (!sameBytes(header.leader, publicKey)) return undefined
      return this.#once(`block ${header.height}`, hexOf(headerMessage.encode(header)))
        ? undefined
        : 'an honest peer made two blocks of one height'
    }
    const { height, round, kind, block } = voteMessage.decode(payload)
    const [place, name] = [`${height} ${round}`, block === null ? 'none' : hexOf(block)]
    if (kind === 'next') {
      this.#ended.set(place, new Set(this.#ended.get(place)).add(name))
      return undefined
    }
    const isFirst = !this.#said.has(`${kind} ${place}`)
    if (!this.#once(`${kind} ${place}`, name)) return `an honest peer voted twice: ${kind}`
    const ended = this.#ended.get(place)
    const isOver = isFirst && kind === 'certify' && ended !== undefined && (ended.size > 1 || !ended.has(name))
    return isOver ? 'an honest peer certified in a round that it had ended otherwise' : undefined
  }
  #once(what: string, is: string): boolean {
    const before = this.#said.get(what)
    if (before === undefined) this.#said.set(what, is)
    return before === undefined || before === is
  }
}
