import type { PeerId } from '@interpeer/crypto-ids'
import type { RequestRef } from '../api.js'
import type { Juror, JurorTurn } from './juror-api.js'

/** Those who ran it first, then fellow jurors, who hand on what they have. */
export const othersOf = ({ self, setup: { context, jury, alsoFrom = [] } }: Juror): readonly PeerId[] =>
  [...new Set([...context.members, ...jury, ...alsoFrom])].filter((peer) => peer !== self.peerId)

/** What is fetched for others must not cost this juror its word. */
const spare = ({ relieved }: Pick<Juror, 'relieved'>): { readonly isSpare?: true } => (relieved === undefined ? {} : { isSpare: true })

export function askForBatches({ j, effects }: JurorTurn, hashes: readonly Uint8Array[]): void {
  if (hashes.length > 0) effects.push({ type: 'fetch-batches', hashes, from: othersOf(j), ...spare(j) })
}
export function askForBodies({ j, effects }: JurorTurn, requests: readonly RequestRef[]): void {
  const lacking = requests.filter(({ cid }) => !j.bodies.has(cid))
  if (lacking.length > 0) effects.push({ type: 'fetch-bodies', requests: lacking, from: othersOf(j), ...spare(j) })
}
