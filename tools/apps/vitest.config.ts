import { defineConfig } from 'vitest/config'

// After the end-to-end tests, and one file at a time.
export default defineConfig({
  test: { name: 'apps', include: ['test/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 2 }, testTimeout: 60_000 },
})
