import { bytesOfContentId, type ContentId, contentIdOfBytes, type JobId, peekPayload } from '@interpeer/crypto-ids'
import { type KnownBatch, readBatch } from './batch.js'
import { batchBlockId } from './batch-block.js'
import { readRecord } from './durable.js'
import { PeerGroupError } from './errors.js'
import type { Group } from './group-state.js'
import { certificateMessage, revealMessage } from './messages.js'
import { itemsOf } from './request-index.js'
import type { Shadow } from './shadow.js'
import { isJudged, rootBefore, unnamedSteps } from './steps.js'

/**
 * The blocks that a member needs for an epoch, each with all below it: states that it has taken up or may sign, bodies of requests that
 * wait, are run, or may still be asked of it. It may lack some; then it fetches them. What its record names on disk counts
 * beside this (`recordReferences`), until a later record is durable.
 */
export function groupReferences(group: Group): ReadonlySet<ContentId> {
  const { base, final, steps, open, pool, setup } = group
  const found = new Set<ContentId>([base.root, final.root])
  // what may still be named disputed: a frozen group goes on from the state before it
  if (isJudged(group)) for (const { step } of unnamedSteps(group)) found.add(rootBefore(group, step) ?? base.root)
  if (group.frozen > 0) found.add(rootBefore(group, group.frozen) ?? base.root)
  for (const { certified, before, state, step } of steps) {
    // the one before is still served until what tells of the last one has been acted on
    if (step >= final.step - 1) found.add(contentIdOfBytes(certified.answer.root))
    if (before !== undefined) found.add(before.root)
    if (state !== undefined && step >= final.step - 1) found.add(state.root)
  }
  for (const run of open.runs.values()) if (run.type === 'ran') found.add(run.state.root)
  if (open.sealed !== undefined) found.add(contentIdOfBytes(open.sealed.answer.root))
  for (const { ref } of itemsOf(pool.index)) found.add(ref.cid)
  const batches: (KnownBatch | undefined)[] = [open.sealed?.batch]
  batches.push(...open.batches.values(), ...steps.map(({ certified }) => certified.batch), ...setup.rerun.map(readBatch))
  for (const { batch } of open.proposals.values()) batches.push(batch)
  addRequests(found, batches)
  addBatches(
    found,
    steps.map(({ certified }) => certified.batch),
  )
  return found
}

/** The same for what one durable record names. @throws {PeerGroupError} RECORD_UNREADABLE */
export function recordReferences(record: Uint8Array, job: JobId, epoch: number): ReadonlySet<ContentId> {
  const { steps, final, sealed, boundBatch } = readRecord(record, bytesOfContentId(job), epoch)
  const found = new Set<ContentId>()
  try {
    // of a step before the last final one only its last reveals are still waited for, not its state
    const certificates = steps.map(({ certificate }) => certificateMessage.decode(certificate))
    const reveals = certificates.flatMap((one) => (one.step >= final ? one.reveals : []))
    for (const envelope of reveals) {
      const { answer, start } = revealMessage.decode(peekPayload(envelope) ?? new Uint8Array())
      found.add(contentIdOfBytes(answer.root))
      found.add(contentIdOfBytes(start)) // a frozen group goes on from there
    }
    if (sealed !== null) found.add(contentIdOfBytes(sealed.answer.root))
    addRequests(
      found,
      [...steps, sealed, ...(boundBatch === null ? [] : [{ batch: boundBatch }])].map((one) =>
        one === null ? undefined : readBatch(one.batch),
      ),
    )
  } catch (cause) {
    throw new PeerGroupError({ code: 'RECORD_UNREADABLE', reason: 'what it names' }, { cause })
  }
  return found
}

/** The same for a newcomer: the state that it holds, the one that it fetches or runs, and the bodies that it runs. */
export function shadowReferences({ last, held, running }: Shadow): ReadonlySet<ContentId> {
  const found = new Set<ContentId>()
  for (const step of [last, running]) if (step !== undefined) found.add(step.state)
  if (held !== undefined) found.add(held.state.root)
  addRequests(found, [last?.batch, running?.batch])
  return found
}

/** The bodies of batches that a recovery binds: whoever has them hands them to the group that runs them again. @throws {WireError} */
export function batchReferences(batches: readonly Uint8Array[]): ReadonlySet<ContentId> {
  const found = new Set<ContentId>()
  addRequests(found, batches.map(readBatch))
  return found
}

/** What jurors and members who skipped a step fetch by its hash, and its requests' bodies. */
function addBatches(found: Set<ContentId>, batches: Iterable<KnownBatch>): void {
  for (const { hash } of batches) found.add(batchBlockId(hash))
}
function addRequests(found: Set<ContentId>, batches: Iterable<KnownBatch | undefined>): void {
  for (const batch of batches) for (const { cid } of batch?.requests ?? []) found.add(cid)
}
