import { defineConfig } from 'vitest/config'

// generous: what is late on a busy machine is not wrong
export default defineConfig({
  test: { name: 'relay', include: ['test/**/*.test.ts'], testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } },
})
