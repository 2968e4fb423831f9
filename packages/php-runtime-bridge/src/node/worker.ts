import { parentPort, workerData } from 'node:worker_threads'
import { deriveTree, type TreeDirectory } from '../file-tree.js'
import type { ScriptOutcome } from '../outcome.js'
import { type Scratch, ScratchStore } from '../scratch.js'
import { execute } from './execute.js'
import { buildImage } from './image-builder.js'
import { InstanceShelf } from './instance-shelf.js'
import { PhpInstance } from './php-instance.js'
import { type FromWorker, PLAIN_IMAGE, type Task, type TaskResult, type Told, type ToWorker, type WorkerStart } from './worker-messages.js'

const { php, trees: known, snapshots: given } = workerData as WorkerStart
const trees = new Map<string, TreeDirectory>(known)
const snapshots = new Map(given)
/** What reads left for reads: this thread's own. */
const scratches = new ScratchStore()
const instances = new InstanceShelf(() => new PhpInstance(php.module, php.pagesMax))

function receive(message: ToWorker): void {
  if (message.type === 'run' || message.type === 'build') perform(message)
  else learn(message)
}

function learn(told: Told): void {
  if (told.type === 'load') trees.set(told.root, told.tree)
  else if (told.type === 'derive') trees.set(told.root, deriveTree(named(trees, told.from), told.changes))
  else if (told.type === 'forget') {
    trees.delete(told.root)
    scratches.drop(told.root)
  } else if (told.type === 'image') snapshots.set(told.id, told.snapshot)
  else {
    snapshots.delete(told.id)
    instances.drop(told.id)
  }
}

function perform(task: Task): void {
  if (task.type === 'build') {
    send(built(task))
    return
  }
  const { root, image, request, at } = task
  const [snapshot, site] = [named(snapshots, image), named(trees, root)]
  const scratch = task.scratch ? { kept: scratches.get(root), leave: (left: Scratch) => scratches.put(root, left, site) } : undefined
  const outcome = execute(site, request, at, () => ({ php: instances.take(image, snapshot), snapshot }), scratch)
  send({ type: 'ran', outcome }, buffersOf(outcome))
  // While the answer is under way: the next request finds PHP ready.
  instances.makeReady(image, snapshot)
}

function built({ initial, configuration }: Task & { type: 'build' }): TaskResult {
  try {
    return { type: 'built', image: buildImage(php, { initial, configuration }) }
  } catch (error) {
    return { type: 'failed', detail: String(error) }
  }
}

function named<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name)
  if (found === undefined) throw new Error(`the main thread named what it never sent: ${name}`)
  return found
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
const plain = snapshots.get(PLAIN_IMAGE) ?? instances.start(PLAIN_IMAGE, php.data)
snapshots.set(PLAIN_IMAGE, plain)
send({ type: 'ready', plain })
