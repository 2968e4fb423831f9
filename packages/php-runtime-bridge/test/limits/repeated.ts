import type { PhpRuntime, PhpRuntimeOptions } from '@interpeer/php-runtime-bridge/node'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { runPage, type Seen, startPhp } from '../sites.js'

const factsOf = ({ transcript, fuel, memoryBytes, log }: Seen) => ({ transcript, fuel, memoryBytes, log })

/** For one file of tests: a runtime on which each script runs twice, to the same end, and after each test a plain page is what it was at first. */
export function repeated(options: PhpRuntimeOptions, page: string) {
  let php: PhpRuntime
  let before: Seen
  const plain = () => runPage(php, `<?php ${page}`)
  beforeAll(async () => {
    php = await startPhp(options)
    before = await plain()
  })
  afterAll(() => php.close())
  afterEach(async () => expect(factsOf(await plain())).toEqual(factsOf(before)))
  return {
    get php() {
      return php
    },
    async run(script: string): Promise<Seen> {
      const [one, two] = [await runPage(php, `<?php ${script}`), await runPage(php, `<?php ${script}`)]
      expect(factsOf(two)).toEqual(factsOf(one))
      return one
    },
  }
}
