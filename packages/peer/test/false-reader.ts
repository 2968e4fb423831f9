import type { ScriptOutcome } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'

/** Runs agreed writes as everyone does, and answers reads with what it likes. */
export class FalseReader extends CounterRuntime {
  override async run(...[root, request, at]: Parameters<CounterRuntime['run']>): Promise<ScriptOutcome> {
    const outcome = await super.run(root, request, at)
    if (outcome.type !== 'answered' || outcome.changes.length > 0) return outcome
    return { ...outcome, body: new TextEncoder().encode('another page') }
  }
}
