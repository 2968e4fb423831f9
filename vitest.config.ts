import { defineConfig } from 'vitest/config'
import { LongFirst } from './tools/long-first.ts'

export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'apps/*',
      'tools',
      'tools/simulator',
      'tools/apps',
      'tools/apps/vitest.config.in-process.ts',
      'tools/bench',
      'tools/e2e',
      'tools/fuzz',
      'tools/models',
      'tools/phpt',
      'tools/relay',
      'tools/vectors',
    ],
    sequence: { sequencer: LongFirst },
    reporters: ['default', './tools/closing-line-reporter.ts'],
    coverage: { provider: 'v8', include: ['{packages,apps}/*/src/**/*.ts'], reporter: ['text-summary', 'json-summary', 'lcov'] },
  },
})
