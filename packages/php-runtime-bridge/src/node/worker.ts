import { parentPort, workerData } from 'node:worker_threads'
import { deriveTree, type TreeDirectory } from '../file-tree.js'
import type { ScriptOutcome } from '../outcome.js'
import { execute } from './execute.js'
import { PhpInstance, type Snapshot } from './php-instance.js'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.js'

const { module, pagesMax, snapshot: given, trees: known } = workerData as WorkerStart
const trees = new Map<string, TreeDirectory>(known)
let instance: PhpInstance | undefined = new PhpInstance(module, pagesMax)
const passedOn = given ?? shared(instance.start())
// a copy of this thread's own: from memory that is shared, V8 copies with atomics, 1.8 times slower (measured)
const snapshot: Snapshot = { ...passedOn, memory: passedOn.memory.slice() }
let pristine = given === undefined

/** An instance that equals the snapshot: this one restored, or a new one where memory grew. */
function pristinePhp(): { php: PhpInstance; snapshot: Snapshot } {
  if (!pristine && !instance?.restore(snapshot)) instance = undefined
  if (!instance) {
    instance = new PhpInstance(module, pagesMax)
    instance.restore(snapshot)
  }
  pristine = false
  return { php: instance, snapshot }
}

function receive(message: ToWorker): void {
  if (message.type === 'load') trees.set(message.root, message.tree)
  else if (message.type === 'derive') trees.set(message.root, deriveTree(tree(message.from), message.changes))
  else if (message.type === 'forget') trees.delete(message.root)
  else {
    const outcome = execute(tree(message.root), message.request, message.at, pristinePhp)
    send({ type: 'ran', outcome }, buffersOf(outcome))
    // While the answer is under way: the next request finds PHP ready.
    if (!pristine) pristine = instance?.restore(snapshot) ?? false
  }
}

function tree(root: string): TreeDirectory {
  const found = trees.get(root)
  if (!found) throw new Error(`the main thread named a tree that it never sent: ${root}`)
  return found
}

/** The snapshot in memory that other threads can read too. */
function shared(taken: Snapshot): Snapshot {
  const memory = new Uint8Array(new SharedArrayBuffer(taken.memory.length))
  memory.set(taken.memory)
  return { ...taken, memory }
}

/** The large parts of an outcome, each in a buffer of its own: handed over, not copied. */
function buffersOf(outcome: ScriptOutcome): ArrayBuffer[] {
  if (outcome.type === 'abstained') return []
  const ofChanges = outcome.changes.flatMap((change) =>
    change.type === 'write' ? [change.bytes] : change.type === 'patch' ? change.parts.map(({ bytes }) => bytes) : [],
  )
  const parts = [outcome.body, outcome.transcript, ...ofChanges]
  return parts.flatMap((part) => (part.length > 0 ? [part.buffer as ArrayBuffer] : []))
}

function send(message: FromWorker, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, handedOver)
}

parentPort?.on('message', receive)
send({ type: 'ready', snapshot: passedOn })
