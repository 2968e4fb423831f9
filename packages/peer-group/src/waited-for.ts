import { sameBytes } from '@interpeer/wire-codec'
import type { Group, Unseen } from './group-state.js'
import { UNSEEN_MAX } from './settings.js'

/**
 * The certificates that this member was shown of steps that it does not know, where it has said nothing of them yet. Only their own batches end the wait: whoever hides a
 * step may well hand out the next one, and its state.
 */
export const waitedFor = ({ unseen }: Pick<Group, 'unseen'>): readonly Unseen[] => unseen.filter(({ said }) => said === undefined)

/** The same without a step that is taken up. */
export const withoutTaken = (unseen: readonly Unseen[], step: number, batchHash: Uint8Array): readonly Unseen[] =>
  unseen.filter((one) => one.said !== undefined || one.step !== step || !sameBytes(one.batchHash, batchHash))

/** The same with one more that it said something of: of these it keeps the last. */
export const withSaid = (unseen: readonly Unseen[], told: Unseen): readonly Unseen[] => [
  ...[...unseen.filter(({ said }) => said !== undefined), told].slice(-UNSEEN_MAX),
  ...unseen.filter(({ said }) => said === undefined),
]
