import { Worker } from 'node:worker_threads'
import type { TreeDirectory } from '@interpeer/php-runtime-bridge'
import type { CaseResult } from './case.ts'
import { meteredPhp } from './metered-php.ts'

export interface RunOptions {
  readonly sources: TreeDirectory
  readonly paths: readonly string[]
  /** Wall time after which a test counts as hanging, ms. */
  readonly guardMs: number
  readonly workers: number
  readonly onResult: (result: CaseResult) => void
}
const STACK_MIB = 256

/** Runs all tests in worker threads; one that hangs, or brings its thread down, is an error of that test alone. */
export async function runCases({ sources, paths, guardMs, workers, onResult }: RunOptions): Promise<void> {
  const php = await meteredPhp()
  const waiting = [...paths].reverse()
  const seat = async (): Promise<void> => {
    let worker: Worker | undefined
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      worker ??= await start()
      const result = await runOne(worker, path, guardMs)
      if (typeof result !== 'string') onResult(result)
      else {
        await worker.terminate()
        worker = undefined
        onResult({ path, verdict: 'error', detail: result, output: '', ms: guardMs })
      }
    }
    await worker?.terminate()
  }
  const start = async (): Promise<Worker> => {
    const resourceLimits = { stackSizeMb: STACK_MIB, maxOldGenerationSizeMb: 1024 }
    const worker = new Worker(new URL('../worker.mjs', import.meta.url), { workerData: { php, sources }, resourceLimits, env: {} })
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    worker.on('error', () => undefined)
    return worker
  }
  await Promise.all(Array.from({ length: workers }, seat))
}

/** @returns what went wrong with the thread, where something did */
function runOne(worker: Worker, path: string, guardMs: number): Promise<CaseResult | string> {
  return new Promise((resolve) => {
    const end = (outcome: CaseResult | string) => {
      clearTimeout(guard)
      worker.off('message', end).off('error', die).off('exit', die)
      resolve(outcome)
    }
    const die = (cause: unknown) => end(`thread died: ${cause}`)
    const guard = setTimeout(() => end('guard time'), guardMs)
    worker.on('message', end).on('error', die).on('exit', die)
    worker.postMessage(path)
  })
}
