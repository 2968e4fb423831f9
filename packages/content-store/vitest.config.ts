import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.base.ts'

export default defineConfig({
  resolve: { alias: { 'aegir/chai': fileURLToPath(new URL('test/aegir-chai.js', import.meta.url)) } },
  test: {
    ...shared,
    name: 'content-store',
    include: ['test/**/*.test.ts'],
    server: { deps: { inline: ['interface-blockstore-tests'] } }, // so that the alias holds in it
  },
})
