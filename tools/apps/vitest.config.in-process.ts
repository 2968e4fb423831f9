import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

// Applications in the test's own process: beside all other tests.
export default defineConfig({
  test: { ...steady, name: 'apps-in-process', include: ['test/**/*.test.ts'], exclude: ['test/in-network.test.ts'] },
})
