import { parentPort, workerData } from 'node:worker_threads'
import { deriveTree, type TreeDirectory } from '../file-tree.js'
import type { ScriptOutcome } from '../outcome.js'
import { type Scratch, ScratchStore } from '../scratch.js'
import { contentReaderOf } from './content-channel.js'
import { execute } from './execute.js'
import type { HostServices } from './host-context.js'
import { buildImage, plainImage } from './image-builder.js'
import { InstanceShelf } from './instance-shelf.js'
import { PhpInstance } from './php-instance.js'
import type { PhpAtLevel } from './request-scope.js'
import { received } from './site-memory.js'
import { type FromWorker, PLAIN_IMAGE, type Task, type TaskResult, type Told, type ToWorker, type WorkerStart } from './worker-messages.js'

const { builds: givenBuilds, usual, content, trees: known, images: givenImages } = workerData as WorkerStart
const trees = new Map<number, TreeDirectory>(Array.from(known, ([key, tree]) => [key, received(tree)]))
const builds = new Map(givenBuilds)
const images = new Map(givenImages)
const { carriedOut, limits } = named(builds, usual)
const services: HostServices = { carriedOut: new Set(carriedOut), content: content && contentReaderOf(content) }
/** What reads left for reads: this thread's own. */
const scratches = new ScratchStore()
const instances = new InstanceShelf(newInstance)

function receive(message: ToWorker): void {
  if (message.type === 'run' || message.type === 'build') perform(message)
  else learn(message)
}

function newInstance(build: string): PhpInstance {
  return new PhpInstance(named(builds, build))
}

function learn(told: Told): void {
  if (told.type === 'load') trees.set(told.key, received(told.tree))
  else if (told.type === 'derive') trees.set(told.key, deriveTree(named(trees, told.from), told.changes))
  else if (told.type === 'forget') {
    trees.delete(told.key)
    scratches.drop(told.key)
    send({ type: 'forgot' })
  } else if (told.type === 'php') builds.set(told.build, told.parts)
  else if (told.type === 'image') images.set(told.id, told.image)
  else {
    images.delete(told.id)
    instances.drop(told.id)
  }
}

function perform(task: Task): void {
  if (task.type === 'build') {
    send(built(task))
    return
  }
  const { tree, image, request, at, kind, inPieces } = task
  const kept = named(images, image)
  const { snapshot } = kept
  const atLevel: PhpAtLevel = (level) => ({ php: instances.take(shelfName(image, level), kept), snapshot })
  const site = named(trees, tree)
  const scratch = task.scratch ? { kept: scratches.get(tree), leave: (left: Scratch) => scratches.put(tree, left, site) } : undefined
  const outcome = execute(site, request, at, { php: atLevel, services, limits, kind, scratch }, inPieces)
  send({ type: 'ran', outcome }, buffersOf(outcome))
  // While the answer is under way: the next request finds PHP ready.
  instances.makeReady(image, kept)
}

/** Instances for child jobs stand beside that of the request. */
function shelfName(image: string, level: number): string {
  return level === 0 ? image : `${image} child ${level}`
}

function built({ build, order }: Task & { type: 'build' }): TaskResult {
  try {
    const parts = named(builds, build)
    return { type: 'built', image: order ? buildImage(parts, { ...order, initial: received(order.initial) }) : plainImage(parts) }
  } catch (error) {
    return { type: 'failed', detail: String(error) }
  }
}

function named<K, T>(all: ReadonlyMap<K, T>, name: K): T {
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
const plain = images.get(PLAIN_IMAGE)?.snapshot ?? plainImage(named(builds, usual)).snapshot
images.set(PLAIN_IMAGE, { build: usual, snapshot: plain })
send({ type: 'ready', plain })
