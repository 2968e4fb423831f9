import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { EFFECT_KINDS, type Effect, faultText, type ScriptRequest, type SiteConfiguration } from '@interpeer/php-runtime-bridge'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { historyLine } from '../folder/history.js'
import { putChanges } from '../folder/put-changes.js'
import { changedMeanwhile } from '../folder/read-folder.js'
import { print, tell } from '../print.js'
import { readConfiguration } from '../site-check.js'
import { SLOT_LIMITS, userCacheFolder } from '../slot.js'
import { DevOutbox } from './dev-outbox.js'
import { DevPlan } from './dev-plan.js'
import { type DevRun, DevSite } from './dev-site.js'
import { devFront } from './front.js'
import { KeptChanges } from './kept-changes.js'
import { PlannedRuns } from './planned-runs.js'
import { factsOfRun, linesOfRun } from './run-report.js'
import { watchFolder } from './watch-folder.js'

export interface DevOptions {
  readonly port: number
  readonly keep?: string
  readonly writeBack?: boolean
  readonly cache?: string
  readonly guardMs: number
  readonly explain?: boolean
  readonly json?: boolean
}
const WORKERS_MAX = 4
const RELOAD_TRIES = 10
const RELOAD_AGAIN_MS = 200
const FAULTS_TOLD = 10

/** Runs a folder as a site on this machine alone, until it is stopped. */
export async function startDev(folder: string, options: DevOptions): Promise<void> {
  const { json = false, explain = false } = options
  const say = (lines: string | readonly string[], facts: object): void => print(facts, lines, { json })
  const configuration = configurationTeller(folder, say)
  configuration.look()
  const cacheFolder = options.cache ?? userCacheFolder()
  const workers = Math.min(availableParallelism(), WORKERS_MAX) + 1
  const hostCalls = { effects: EFFECT_KINDS }
  const runtime = await startPhpRuntime({ guardMs: options.guardMs, limits: SLOT_LIMITS, cacheFolder, workers, hostCalls })
  try {
    const [plan, outbox] = [new DevPlan(), new DevOutbox()]
    const report = (request: ScriptRequest, run: DevRun): void => {
      const told = { request, run, slots: configuration.now()?.slots ?? 1 }
      say(linesOfRun(told, explain), factsOfRun(told))
    }
    const failed = (error: unknown) => tell(error instanceof Error ? error.message : String(error))
    const planned = new PlannedRuns({
      nextMs: () => plan.nextMs,
      next: (timeMs) => plan.next(timeMs),
      run: async ({ word, request }) => {
        try {
          report({ ...request, method: word }, await site.event(request))
        } catch (error) {
          failed(error)
        }
      },
    })
    const asked = (effects: readonly Effect[], timeMs: number): void => {
      if (!plan.take(effects, timeMs)) say('AGENDA_FULL: a group has no room for so many timers', { agenda: 'AGENDA_FULL' })
      for (const effect of effects) {
        const answer = effect.type === 'outbox' ? outbox.take(effect, timeMs) : undefined
        if (answer !== undefined) planned.add(answer)
      }
      planned.look()
    }
    const readLines = (): void => {
      plan.readLines(site.lines(), Date.now())
      planned.look()
    }
    const site = await DevSite.open({
      folder,
      runtime,
      configuration: configuration.now,
      ...(options.keep === undefined ? {} : { kept: new KeptChanges(folder, options.keep) }),
      ...(options.writeBack === true ? { writeBack: (changes) => putChanges(folder, changes) } : {}),
      explain,
      asked,
    })
    const front = devFront({ answer: (request) => site.answer(request), report, failed, outbox: () => outbox.page() })
    readLines()
    const left = historyLine(site.leftOut)
    if (left !== undefined) say(left, { leftOut: site.leftOut.map(({ path }) => path) })
    const server = createServer({ maxHeaderSize: 32 * 1024 }, getRequestListener(front, { overrideGlobalObjects: false }))
    const port = await listen(server, options.port)
    const reload = async (): Promise<void> => {
      try {
        const paths = await patiently(() => site.reload())
        if (paths.length === 0) return
        configuration.look()
        readLines()
        say(`reloaded: ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`, {
          reloaded: paths,
        })
      } catch (error) {
        failed(error) // the site goes on as it was before
      }
    }
    const watching = watchFolder(folder, reload, (error) => {
      failed(error)
      tell('The folder can not be watched: it is looked at every three seconds instead.')
    })
    const stopped = new Promise<void>((done) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
      process.stdout.once('error', () => done()) // who read it has gone
    })
    say(`${resolve(folder)} runs at http://localhost:${port}/`, { ready: { port, folder: resolve(folder) } })
    await stopped
    watching.close()
    planned.close()
    server.close()
    server.closeAllConnections()
  } finally {
    await runtime.close()
  }
}

/** Tells what is wrong with the interpeer.json whenever it was looked at, and what it means. */
function configurationTeller(folder: string, say: (lines: readonly string[], facts: object) => void) {
  let now: SiteConfiguration | undefined
  return {
    now: () => now,
    look: (): void => {
      const { file, reading } = readConfiguration(folder)
      now = reading.type === 'valid' ? reading.configuration : undefined
      if (reading.type === 'valid') return
      const lines = reading.faults.slice(0, FAULTS_TOLD).map((fault) => `${file}:${faultText(fault)}`)
      say(lines, { configuration: reading.faults })
    },
  }
}

/** Whoever saves a folder writes to it while it is read: it is read again. */
async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read()
    } catch (error) {
      if (!changedMeanwhile(error) || tries >= RELOAD_TRIES) throw error
      await setTimeout(RELOAD_AGAIN_MS)
    }
  }
}

/** The port that was asked for, or the next free one; on the loopback alone. */
async function listen(server: Server, wanted: number): Promise<number> {
  for (let port = wanted; ; port++) {
    server.listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
      return (server.address() as { port: number }).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port >= Math.min(wanted + PORTS_TRIED, 65_535)) throw error
    }
  }
}
const PORTS_TRIED = 50
