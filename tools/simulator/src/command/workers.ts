import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Done, type Job, type NotRun, runJob } from './worker.js'

/** Runs a job somewhere. @throws {Error} where it could not be run at all */
export interface Runner {
  readonly run: (job: Job) => Promise<Done>
  readonly end: () => void
}

export const here: Runner = { run: runJob, end: () => undefined }

/** A process of its own. @param planted patches for its sources, as JSON (hooks.mjs) */
export function startWorker(planted = '[]'): Runner {
  const child: ChildProcess = fork(fileURLToPath(new URL('../../worker.mjs', import.meta.url)), [], {
    env: { ...process.env, SIM_PLANTED: planted },
  })
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        const left = (code: number | null): void => reject(new Error(`a worker left with ${code} at seed ${job.seed}`))
        child.once('exit', left)
        child.once('message', (message) => {
          child.off('exit', left)
          const answer = message as Done | NotRun
          if ('notRun' in answer) reject(new Error(answer.notRun))
          else resolve(answer)
        })
        child.send(job)
      }),
    end: () => void child.kill(),
  }
}
