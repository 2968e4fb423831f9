import { type ScriptOutcome, SLOT, treeOf } from '@interpeer/php-runtime-bridge'
import { siteConfiguration } from '../../../packages/php-runtime-bridge/src/configuration/of-site.js'
import { loadPhpBinary } from '../../../packages/php-runtime-bridge/src/node/binary.js'
import { execute } from '../../../packages/php-runtime-bridge/src/node/execute.js'
import { buildImage, plainImage } from '../../../packages/php-runtime-bridge/src/node/image-builder.js'
import { PhpInstance } from '../../../packages/php-runtime-bridge/src/node/php-instance.js'

/** More than Zend/bench.php takes. */
const limits = { ...SLOT, fuel: 10 ** 12 }

/**
 * PHP as a worker of the runtime has it, without the worker: the time of messages between threads is not PHP's.
 * @param withImage the site has an image of its own, which holds the script compiled
 */
export async function ourPhp(script: string, withImage = false) {
  const parts = { ...(await loadPhpBinary('8.2')), limits, carriedOut: [] }
  const file = (path: string, text: string) => ({ path, mode: 0o644, mtimeS: 1, bytes: Buffer.from(text) })
  const compiling = '<?php opcache_compile_file(__DIR__ . "/index.php");'
  const configuration = JSON.stringify({ mutable: ['data'], warmUp: ['/warm-up.php'] })
  const around = withImage ? [file('interpeer.json', configuration), file('warm-up.php', compiling)] : []
  const site = treeOf([file('index.php', script), ...around], [])
  const reading = siteConfiguration(site)
  if (reading.type === 'invalid') throw new Error(JSON.stringify(reading.faults))
  const { snapshot } = withImage ? buildImage(parts, { initial: site, configuration: reading.configuration }) : plainImage(parts)
  const request = { method: 'GET', target: '/', host: 'localhost', https: false, headers: [], body: new Uint8Array() }
  const at = { timeMs: 1_800_000_000_000, seed: Buffer.from('agreed') }
  const services = { carriedOut: new Set<never>(), content: undefined }
  return {
    /** A further instance, as pristine as the image. */
    start(): PhpInstance {
      const php = new PhpInstance(parts)
      php.restore(snapshot)
      return php
    },
    restore: (php: PhpInstance): boolean => php.restore(snapshot),
    run(php: PhpInstance): void {
      const outcome: ScriptOutcome = execute(site, request, at, { php: () => ({ php, snapshot }), services, limits })
      if (outcome.type !== 'answered' || outcome.status !== 200) throw new Error(JSON.stringify(outcome).slice(0, 500))
    },
  }
}
