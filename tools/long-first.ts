import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take long, in seconds on two cores. They are begun first, the longest of all before the others: one that is begun at the end has a processor to itself,
 * and the other stands still. What is not named here takes a few seconds; nothing depends on these numbers but the order.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'fuzz/test/fuzz.test.ts': 83,
  'peer-group/test/group.simulation.test.ts': 72,
  'vote-chain/test/scenarios.simulation.test.ts': 40,
  'peer-group/test/planted.simulation.test.ts': 35,
  'peer/test/keeping.test.ts': 34,
  'peer/test/jury.test.ts': 25,
  'seeder/test/key.test.ts': 23,
  'php-runtime-bridge/test/determinism/application.test.ts': 23,
  'models/test/models.test.ts': 21,
  'peer/test/keeping.simulation.test.ts': 21,
  'php-runtime-bridge/test/hostile/hostile-corpus.test.ts': 20,
  'tools/test/packed.test.ts': 19,
  'peer/test/group-over-udp.test.ts': 19,
  'peer/test/long-bodies.test.ts': 18,
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const secondsOf = ({ moduleId }: TestSpecification): number =>
      Object.entries(SECONDS).find(([name]) => moduleId.endsWith(`/${name}`))?.[1] ?? 0
    return (await super.sort(files)).sort((a, b) => secondsOf(b) - secondsOf(a)) // a stable sort
  }
}
