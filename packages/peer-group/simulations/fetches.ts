import { type ContentId, codecOf, contentIdOf, type PeerId } from '@interpeer/crypto-ids'
import { BODIES_STRAGGLER_MS, type RequestRef, readStateBlock } from '../src/index.js'
import type { Member } from './member.js'

/** Of what is not urgent. */
const STRAGGLER_MS = 1_000

/** What a member gets from others: bodies, states, and the parts of a state. */
export class Fetches {
  readonly #member: Member

  constructor(member: Member) {
    this.#member = member
  }

  bodies(requests: readonly RequestRef[], from: readonly PeerId[]): void {
    const isIt = (ref: RequestRef, bytes: Uint8Array) => this.#member.setup.checkRequest?.(ref, bytes) ?? true
    // what is only on its way to a disk that may be full is asked for again
    const blockOf = (cid: ContentId) => (this.#member.isWritten(cid) ? this.#member.block(cid) : undefined)
    const have = requests.flatMap((ref) => {
      const block = blockOf(ref.cid)
      return block !== undefined && isIt(ref, block) ? [{ ...ref, size: block.length }] : []
    })
    if (have.length > 0) this.#member.machine.later(1, () => this.#member.tell({ type: 'bodies', requests: have }))
    for (const ref of requests.filter(({ cid }) => blockOf(cid) === undefined)) {
      const { cid } = ref
      const take = (bytes: Uint8Array): void => {
        if (contentIdOf(bytes, codecOf(cid)) === cid && isIt(ref, bytes))
          this.#member.keep(cid, bytes, () => this.#member.tell({ type: 'bodies', requests: [{ ...ref, size: bytes.length }] }))
      }
      this.block(cid, from, take, BODIES_STRAGGLER_MS)
    }
  }

  state(root: ContentId, from: readonly PeerId[]): void {
    const here = this.#member.block(root)
    if (here !== undefined) this.#member.machine.later(1, () => this.#pages(root, here, from))
    else this.block(root, from, (block) => this.#member.keep(root, block, () => this.#pages(root, block, from)))
  }

  #pages(root: ContentId, block: Uint8Array, from: readonly PeerId[]): void {
    const lacking = new Set(pagesOf(block).filter((cid) => this.#member.block(cid) === undefined))
    const tell = () => {
      if (lacking.size > 0) return
      // as it was served, so that the group finds out by itself that it is another state
      const pages = pagesOf(block).flatMap((cid) => this.#member.block(cid) ?? [])
      this.#member.tell({ type: 'state', root, block, pages })
    }
    tell()
    for (const cid of [...lacking]) {
      this.block(cid, from, (bytes) =>
        this.#member.keep(cid, bytes, () => {
          if (lacking.delete(cid)) tell()
        }),
      )
    }
  }

  /**
   * As the exchange asks: one source at first. Who lacks the block says so, and the next is asked; who is silent holds it up for the straggler time, after which two
   * are asked at once, then four, up to all. A question or an answer may be lost. What a liar serves is given too, and others are asked.
   */
  block(cid: ContentId, from: readonly PeerId[], then: (bytes: Uint8Array) => void, stragglerMs = STRAGGLER_MS): void {
    const member = this.#member
    const { world, hearers } = member.around
    const { life } = member
    const say = () => `asks for block ${cid.slice(-6)}`
    const post = (at: Member, to: Member, act: () => void) => world.post(at.index, to.index, act, { say })
    // a stranger to honesty is asked first: with few blocks missing, its seat may be the first one
    const holders = from.filter((peer) => peer !== member.peer).flatMap((peer) => hearers(peer, member))
    const left = [...holders.filter(({ isHonest }) => !isHonest), ...holders.filter(({ isHonest }) => isHonest)]
    let [open, atOnceMax, isDone] = [0, 1, false]
    const isOver = () => isDone || member.life !== life
    const ask = (): void => {
      if (isOver() || open >= atOnceMax) return
      const holder = left.shift()
      if (holder === undefined) return
      open++
      post(member, holder, () => {
        const block = holder.serve(cid, member.peer)
        if (block === undefined && !holder.isHonest) return
        post(holder, member, () => {
          if (isOver()) return
          open--
          isDone = block !== undefined && contentIdOf(block, codecOf(cid)) === cid
          if (block !== undefined) then(block)
          if (!isDone) ask()
        })
      })
      ask()
    }
    const widen = (): void => {
      if (isOver() || left.length === 0) return
      atOnceMax *= 2
      ask()
      member.machine.later(stragglerMs, widen)
    }
    ask()
    member.machine.later(stragglerMs, widen)
  }
}

/** None in what a liar served. */
function pagesOf(block: Uint8Array): readonly ContentId[] {
  try {
    return readStateBlock(block).parts
  } catch {
    return []
  }
}
