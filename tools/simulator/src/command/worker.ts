import { pathToFileURL } from 'node:url'
import { runScenario } from '../run-scenario.js'
import type { Outcome, Simulate } from '../scenario.js'

export interface Job {
  readonly file: string
  readonly seed: number
  readonly peers: number
}
export type Done = Omit<Outcome, 'plan'>

/** The scenario in a file. */
export async function scenarioIn(file: string): Promise<Simulate> {
  const { simulate } = (await import(pathToFileURL(file).href)) as { readonly simulate: Simulate }
  return simulate
}

export async function runJob({ file, seed, peers }: Job): Promise<Done> {
  const { plan: _, ...done } = runScenario(await scenarioIn(file), { seed, peers })
  return done
}

/** Answers each job that the parent process sends. */
export function serve(allPlanted: () => boolean): void {
  process.on('message', (job: Job) => {
    runJob(job).then(
      (done) => process.send?.(allPlanted() ? done : failed('PLANTED: a file of the bug was not loaded')),
      (error: unknown) => process.send?.(failed(error instanceof Error ? error.message : String(error))),
    )
  })
  process.on('disconnect', () => process.exit(0))
}

/** Told as the reason why the job could not be run at all: that is not a failed run. */
export interface NotRun {
  readonly notRun: string
}
const failed = (notRun: string): NotRun => ({ notRun })
