// The built package with its workers in the main thread: nothing of a thread's own may show in a result. Also tells the digest of PHP's whole memory.
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createRequire, syncBuiltinESMExports } from 'node:module'

const threads = createRequire(import.meta.url)('node:worker_threads')
const RUNS_PER_DIGEST = 20

let memory
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module, imports) {
    super(module, imports)
    if (this.exports.memory) memory = this.exports.memory
  }
}

const digests = []
let runs = 0
let workers = 0

class HereWorker extends EventEmitter {
  #port = new EventEmitter()

  constructor(url, { workerData }) {
    super()
    // what the worker posts: the memory is still as the request left it
    this.#port.postMessage = (message) => {
      if (message.type === 'ran' && runs++ % RUNS_PER_DIGEST === 0)
        digests.push(createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex'))
      setImmediate(() => this.emit('message', message))
    }
    threads.workerData = workerData
    threads.parentPort = this.#port
    syncBuiltinESMExports()
    import(`${url.href}?${workers++}`).catch((error) => this.emit('error', error))
  }

  postMessage(message) {
    setImmediate(() => this.#port.emit('message', message))
  }

  async terminate() {
    this.#port.removeAllListeners()
  }

  unref() {}
}
threads.Worker = HereWorker
syncBuiltinESMExports()

export async function startPhp() {
  const { startPhp: start } = await import('./in-worker.mjs')
  return Object.assign(await start(), { memoryDigests: () => digests })
}
