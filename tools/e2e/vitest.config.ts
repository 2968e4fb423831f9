import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

// Whole networks of eight processes: apart from all other tests, and one file at a time.
export default defineConfig({
  test: {
    ...steady,
    name: 'e2e',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/php-cache.ts'],
    fileParallelism: false,
    sequence: { groupOrder: 1 },
  },
})
