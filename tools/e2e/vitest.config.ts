import { defineConfig } from 'vitest/config'
import { patient } from '../../vitest.base.ts'

// Whole networks of eight processes: apart from all other tests, and one file at a time.
export default defineConfig({
  test: { ...patient, name: 'e2e', include: ['test/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 1 } },
})
