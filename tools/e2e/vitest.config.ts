import { defineConfig } from 'vitest/config'

// Whole networks of eight processes: apart from all other tests, and one file at a time.
export default defineConfig({
  test: { name: 'e2e', include: ['test/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 1 }, testTimeout: 60_000 },
})
