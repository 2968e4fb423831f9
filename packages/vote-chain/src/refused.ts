import { sha256 } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { hashOfCertificate, headerMessage } from './block.js'
import type { Proposal } from './messages.js'

/** Refused blocks of one height that are remembered: more than its voters can name in honest rounds. */
export const REFUSED_MAX = 1_024

/** With one more; the oldest makes room. */
export function withRefused(refused: ReadonlySet<string>, block: string): ReadonlySet<string> {
  const kept = [...refused].filter((one) => one !== block)
  return new Set([...kept.slice(Math.max(0, kept.length - REFUSED_MAX + 1)), block])
}

/** Whether a refused block would be refused in every copy: anyone can send its header with another body or certificate, which says nothing about the block. */
export function isForGood({ header, body, certificate }: Pick<Proposal, 'header' | 'body' | 'certificate'>): boolean {
  try {
    const named = headerMessage.decode(header)
    return sameBytes(sha256(body), named.body) && sameBytes(hashOfCertificate(certificate), named.certificate)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return true
  }
}
