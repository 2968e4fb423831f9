import { defineConfig } from 'vitest/config'

// Tests of PHP itself run the built package: a worker thread cannot be started from TypeScript.
export default defineConfig({
  test: { name: 'php-runtime-bridge', include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
})
