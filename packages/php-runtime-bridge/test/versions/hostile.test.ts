import { DEFAULT_PHP_VERSION, phpVersions } from '@interpeer/php-runtime-bridge'
import { afterAll, expect, test } from 'vitest'
import { Attacked } from '../hostile/attack.js'
import { readCorpus } from '../hostile/corpus.js'
import { HostUnderAttack } from '../hostile/host-under-attack.js'

const host = await HostUnderAttack.start()
afterAll(() => host.stop())
const corpus = readCorpus(host.places)

const familiesOf = (scripts: typeof corpus) => new Set(scripts.map(({ family }) => family))

/** All of the corpus runs on the default version here, and on the others by `pnpm run test:versions`; of it every eighth on each of those, other ones on each. */
const ONE_OF = 8
const others = phpVersions.filter((version) => version !== DEFAULT_PHP_VERSION)

test.each(others.map((version, i) => [version, corpus.filter((_, at) => at % ONE_OF === i)] as const))(
  'PHP %s: a sample of hostile scripts is answered as by the default version, and leaves nothing behind',
  async (version, sample) => {
    expect(sample.length).toBeGreaterThan(60)
    expect(familiesOf(sample)).toEqual(familiesOf(corpus))
    const attacked = await Attacked.start(host, { php: version })
    const faults = await attacked.by(sample)
    await attacked.stop()
    expect(faults).toEqual([])
  },
)
