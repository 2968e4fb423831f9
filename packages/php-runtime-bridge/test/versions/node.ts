import { type PhpRuntime, type PhpRuntimeOptions, startPhpRuntime as start } from '../../dist/node/index.js'
import { phpVersions } from '../../src/php-version.js'

export type * from '../../dist/node/index.js'

const php = phpVersions.find((version) => version === process.env.PHP_VERSION)
if (php === undefined) throw new Error(`PHP_VERSION is none of ${phpVersions.join(', ')}`)

/** In place of the package's own (vitest.versions.config.ts): what leaves the version open runs with PHP_VERSION. */
export const startPhpRuntime = (options: PhpRuntimeOptions = {}): Promise<PhpRuntime> => start({ php, ...options })
