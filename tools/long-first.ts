import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take long, in seconds on two cores. They are begun first, the longest of all before the others: one that is begun at the end has a processor to itself,
 * and the other stands still. What is not named here takes a few seconds; nothing depends on these numbers but the order.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'fuzz/test/fuzz.test.ts': 131,
  'vote-chain/test/scenarios.simulation.test.ts': 110,
  'peer-group/test/group.simulation.test.ts': 88,
  'peer-group/test/planted.simulation.test.ts': 80,
  'peer/test/jury.test.ts': 69,
  'apps/test/reads-and-writes.test.ts': 57,
  'tools/test/packed.test.ts': 49,
  'seeder/test/key.test.ts': 48,
  'php-runtime-bridge/test/determinism/application.test.ts': 40,
  'php-runtime-bridge/test/hostile/hostile-corpus.test.ts': 39,
  'models/test/models.test.ts': 36,
  'peer/test/keeping.test.ts': 35,
  'php-runtime-bridge/test/versions/versions.test.ts': 32,
  'apps/test/replay.test.ts': 28,
  'peer/test/long-bodies.test.ts': 27,
  'php-runtime-bridge/test/intl/intl.test.ts': 27,
  'vote-chain/test/scale.simulation.test.ts': 24,
  'peer/test/attacks.simulation.test.ts': 23,
  'peer/test/keeping.simulation.test.ts': 22,
  'php-runtime-bridge/test/versions/hostile.test.ts': 22,
  'gateway/test/large-file.test.ts': 22,
  'crypto-ids/test/strict.test.ts': 21,
  'models/test/promela.test.ts': 21,
  'apps/test/mediawiki-search.test.ts': 20,
  'peer/test/group-over-udp.test.ts': 20,
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const secondsOf = ({ moduleId }: TestSpecification): number =>
      Object.entries(SECONDS).find(([name]) => moduleId.endsWith(`/${name}`))?.[1] ?? 0
    return (await super.sort(files)).sort((a, b) => secondsOf(b) - secondsOf(a)) // a stable sort
  }
}
