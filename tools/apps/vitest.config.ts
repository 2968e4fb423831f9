import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

// After the end-to-end tests, and one file at a time.
export default defineConfig({
  test: { ...steady, name: 'apps', include: ['test/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 2 } },
})
