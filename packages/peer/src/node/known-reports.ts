import { type NetworkId, openMessage, peerIdOfKey } from '@interpeer/crypto-ids'
import { isWhole, type OutboxReport, outboxReport } from '@interpeer/peer-group'
import { numberOf } from '../message-number.js'

/** A member's report on the outbox, if a block is one that its sender signed. */
export function openReport(envelope: Uint8Array, network: NetworkId): OutboxReport | undefined {
  if (numberOf(envelope) !== outboxReport.number) return undefined
  try {
    const report = openMessage(outboxReport, envelope, network, (value) => peerIdOfKey(value.from))
    return isWhole(report) ? report : undefined
  } catch {
    return undefined
  }
}
