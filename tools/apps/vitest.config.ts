import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

// Applications in whole networks: after the end-to-end tests.
export default defineConfig({
  test: { ...steady, name: 'apps', include: ['test/in-network.test.ts'], fileParallelism: false, sequence: { groupOrder: 2 } },
})
