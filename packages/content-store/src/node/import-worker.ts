import { parentPort, workerData } from 'node:worker_threads'
import { ContentStoreError } from '../errors.js'
import { FolderReader } from './folder-reader.js'
import type { ImportMessage, ImportSetup } from './import-messages.js'
import { SlabWriter } from './slab-writer.js'

// The thread that reads a folder. It goes through without an event loop: where it has to wait, for the disk or for a free slab, it
// stands still.
const setup = workerData as ImportSetup
const send = (message: ImportMessage): void => parentPort?.postMessage(message)
const writer = new SlabWriter(setup, (slab, blocks) => send({ type: 'blocks', slab, blocks, counts: reader.counts }))
const reader = new FolderReader(setup.order, writer)
try {
  const root = reader.read()
  writer.flush()
  send({ type: 'done', root, counts: reader.counts, leftOut: reader.leftOut, leftOutCount: reader.leftOutCount })
} catch (error) {
  if (!(error instanceof ContentStoreError)) throw error
  send({ type: 'failed', failure: error.failure, cause: error.cause })
}
