import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'
import { phpVersions } from './src/php-version.ts'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// what has nothing to do with a version, or goes through all of them itself
const exclude = ['configuration', 'linker', 'meter', 'versions'].map((folder) => `test/${folder}/**`)

/** Every other test of this package with every version of PHP: `pnpm run test:versions`, of one version with `--project php-8.4`. */
export default defineConfig({
  resolve: { alias: [{ find: /^@interpeer\/php-runtime-bridge\/node$/, replacement: file('test/versions/node.ts') }] },
  test: {
    ...steady,
    projects: phpVersions.map((version) => ({
      extends: true,
      test: { name: `php-${version}`, env: { PHP_VERSION: version }, include: ['test/**/*.test.ts'], exclude },
    })),
  },
})
