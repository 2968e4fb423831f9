import type { Outcome, ScenarioInput, Simulate } from './scenario.js'

/** Runs a scenario once; one that throws has failed. */
export function runScenario(simulate: Simulate, input: ScenarioInput): Outcome {
  try {
    return simulate(input)
  } catch (error) {
    const [what, where] = error instanceof Error ? [`${error}`, error.stack?.split('\n')[1]?.trim() ?? ''] : [String(error), '']
    return { verdict: 'fail', figures: { problem: `it threw ${what}`, where }, digest: '' }
  }
}
