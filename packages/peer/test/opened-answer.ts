import { type NetworkId, openMessage, peerIdOfKey } from '@interpeer/crypto-ids'
import { type SiteReply, siteReply, type WriteReply, writeReply } from '@interpeer/peer-group'
import { numberOf } from '../src/message-number.js'

/** What a member answered: its group's word, or its own. */
export type OpenedAnswer = (WriteReply & { readonly ran: 'write' }) | (SiteReply & { readonly ran: 'read' | 'refused' })

/** @throws where it is neither */
export function openAnswer(reply: Uint8Array, network: NetworkId): OpenedAnswer {
  if (numberOf(reply) === writeReply.number) return { ran: 'write', ...writeReply.decode(reply) }
  const said = openMessage(siteReply, reply, network, ({ from }) => peerIdOfKey(from))
  if (said.ran === 'write') throw new Error('a member signed what its group agreed on')
  return { ...said, ran: said.ran }
}
