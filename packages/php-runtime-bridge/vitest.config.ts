import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.base.ts'

// Tests of PHP itself run the built package: a worker thread cannot be started from TypeScript.
export default defineConfig({
  test: { ...shared, name: 'php-runtime-bridge', include: ['test/**/*.test.ts'] },
})
