import { type ContentId, codecOf, contentIdOf, type PeerId } from '@interpeer/crypto-ids'
import { type RequestRef, readStateBlock } from '../src/index.js'
import type { Member } from './member.js'

/** What a member gets from others: bodies, states, and the parts of a state. */
export class Fetches {
  readonly #member: Member

  constructor(member: Member) {
    this.#member = member
  }

  bodies(requests: readonly RequestRef[], from: readonly PeerId[]): void {
    const isIt = (ref: RequestRef, bytes: Uint8Array) => this.#member.setup.checkRequest?.(ref, bytes) ?? true
    const have = requests.flatMap((ref) => {
      const block = this.#member.block(ref.cid)
      return block !== undefined && isIt(ref, block) ? [{ ...ref, size: block.length }] : []
    })
    if (have.length > 0) this.#member.machine.later(1, () => this.#member.tell({ type: 'bodies', requests: have }))
    for (const ref of requests.filter(({ cid }) => this.#member.block(cid) === undefined)) {
      const { cid } = ref
      this.block(cid, from, (bytes) => {
        if (contentIdOf(bytes, codecOf(cid)) === cid && isIt(ref, bytes))
          this.#member.keep(cid, bytes, () => this.#member.tell({ type: 'bodies', requests: [{ ...ref, size: bytes.length }] }))
      })
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

  /** Asks each in turn over the network: a question there and an answer back, either of which may be lost. */
  block(cid: ContentId, from: readonly PeerId[], then: (bytes: Uint8Array) => void): void {
    const member = this.#member
    const { world, hearers } = member.around
    const { life } = member
    let isDone = false
    for (const peer of from) {
      if (peer === member.peer) continue
      for (const holder of hearers(peer, member)) {
        const say = () => `asks for block ${cid.slice(-6)}`
        const post = (at: Member, to: Member, then: () => void) => world.post(at.index, to.index, then, { say })
        post(member, holder, () => {
          const block = holder.serve(cid)
          if (block === undefined) return
          post(holder, member, () => {
            if (member.life !== life || isDone) return
            isDone = true
            then(block)
          })
        })
      }
    }
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
