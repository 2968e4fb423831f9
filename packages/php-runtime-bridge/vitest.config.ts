import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

// Tests of PHP itself run the built package: a worker thread cannot be started from TypeScript.
export default defineConfig({
  test: { ...steady, name: 'php-runtime-bridge', include: ['test/**/*.test.ts'] },
})
