import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { type ExecutionResult, type GroupEffect, readStateBlock } from '../src/index.js'
import type { Member } from './member.js'

/**
 * What a member does instead of what is right. It holds the member's key, hears what the member hears, and may send anything that the key can sign
 * (`Member.sign`, `Member.post`). Of several tactics of one member, each gets what the one before it left.
 */
export interface Tactic {
  readonly name: string
  /** What goes to one peer in place of an envelope that an honest member would send now; none: silence. */
  readonly send?: (member: Member, to: PeerId, envelope: Uint8Array) => readonly Uint8Array[]
  /** Told of all that comes in. False: its machine does not hear of it. */
  readonly hear?: (member: Member, from: PeerId, envelope: Uint8Array) => boolean
  readonly run?: (member: Member, effect: GroupEffect & { type: 'execute' }, result: ExecutionResult) => ExecutionResult
  /** What is given to whoever fetches a block. */
  readonly serve?: (member: Member, cid: ContentId, block: Uint8Array | undefined) => Uint8Array | undefined
}

/** Gives the epoch's first state for any later one. */
export const staleServer: Tactic = {
  name: 'stale-server',
  serve: (member, _, block) => (block !== undefined && isState(block) ? (member.block(member.setup.start) ?? block) : block),
}

function isState(block: Uint8Array): boolean {
  try {
    readStateBlock(block)
    return true
  } catch {
    return false
  }
}
