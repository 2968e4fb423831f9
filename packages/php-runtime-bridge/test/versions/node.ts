import { type PhpRuntime, type PhpRuntimeOptions, startPhpRuntime as start } from '../../dist/node/index.js'
import type { FileEntry, FileStream } from '../../src/files.js'
import { phpVersions } from '../../src/php-version.js'

export type * from '../../dist/node/index.js'

const php = phpVersions.find((version) => version === process.env.PHP_VERSION) ?? none()

function none(): never {
  throw new Error(`PHP_VERSION is none of ${phpVersions.join(', ')}`)
}

/** In place of the package's own (vitest.versions.config.ts): sites that leave the version open run with PHP_VERSION. */
export async function startPhpRuntime(options: PhpRuntimeOptions = {}): Promise<PhpRuntime> {
  const runtime = await start({ php, ...options })
  const load = runtime.load.bind(runtime)
  return Object.assign(runtime, {
    load: ((root, files, ...rest) => load(root, files.map(withVersion), ...rest)) satisfies PhpRuntime['load'],
  })
}

/** An interpeer.json names it; one that is not JSON stays as it is. */
function withVersion<T extends FileEntry | FileStream>(file: T): T {
  if (file.path !== 'interpeer.json' || !('bytes' in file)) return file
  try {
    return { ...file, bytes: Buffer.from(JSON.stringify({ php, ...JSON.parse(Buffer.from(file.bytes).toString('utf8')) })) }
  } catch {
    // no JSON, as a test may mean it to be
    return file
  }
}
