import { defineConfig } from 'vitest/config'

// Networks of eight processes and a browser take minutes each: `npm test` has one of them, `npm run test:apps` all.
const networks = ['test/{hoteldruid,mediawiki,shaarli,wordpress}.test.ts']

// After the end-to-end tests, and one file at a time.
export default defineConfig({
  test: {
    name: 'apps',
    include: ['test/**/*.test.ts'],
    exclude: process.env.INTERPEER_APPS === 'all' ? [] : networks,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
    testTimeout: 60_000,
  },
})
