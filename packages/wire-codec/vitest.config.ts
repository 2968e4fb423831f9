import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.base.ts'

export default defineConfig({ test: { ...shared, name: 'wire-codec', include: ['test/**/*.test.ts'] } })
