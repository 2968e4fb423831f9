import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { EventsJob } from './events-job.js'
import { simulateGroup } from './group.sim.js'

const DICE = 15

/**
 * Timers, a line of cron and an outbox under the storm of `group`: each timer runs exactly once in the last final state, each mail is sent at least once, counts as
 * sent exactly once, and never goes out for a step that is not final; what is due wakes an idle group.
 */
export function simulate(input: ScenarioInput): Outcome {
  const job = new EventsJob(Random.named(input.seed, DICE))
  return simulateGroup({ ...input, job })
}
