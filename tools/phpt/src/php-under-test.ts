import { deriveTree, type TreeDirectory } from '@interpeer/php-runtime-bridge'
import { usualConfiguration } from '../../../packages/php-runtime-bridge/src/configuration/site-configuration.js'
import { SLOT, type SlotLimits } from '../../../packages/php-runtime-bridge/src/limits.js'
import { type Descriptor, DescriptorTable, standardDescriptors } from '../../../packages/php-runtime-bridge/src/node/descriptors.js'
import type { RequestWorld } from '../../../packages/php-runtime-bridge/src/node/kernel.js'
import { RequestOutput } from '../../../packages/php-runtime-bridge/src/node/output.js'
import { PhpInstance } from '../../../packages/php-runtime-bridge/src/node/php-instance.js'
import { runScript } from '../../../packages/php-runtime-bridge/src/node/sapi.js'
import { processIdOf, SeededRandom } from '../../../packages/php-runtime-bridge/src/node/seeded-random.js'
import { Overlay } from '../../../packages/php-runtime-bridge/src/overlay.js'
import { INI_PATH, SITE_FOLDER } from '../../../packages/php-runtime-bridge/src/php-ini.js'
import { mountSite, writabilityOf } from '../../../packages/php-runtime-bridge/src/system-tree.js'
import { VirtualClock } from '../../../packages/php-runtime-bridge/src/virtual-clock.js'
import { iniOf } from './ini.ts'
import type { PhpOfTests } from './metered-php.ts'

export interface Run {
  /** Below the site. */
  readonly script: string
  readonly settings: ReadonlyMap<string, string>
  readonly args: readonly string[]
  readonly stdin: string
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly stderr: boolean
  /** A request of the web; else the command line. */
  readonly web: Web | undefined
}
export interface Web {
  readonly method: string
  readonly query: string
  readonly cookies: string | undefined
  readonly contentType: string | undefined
  readonly body: string
}
export interface Ran {
  readonly output: string
  readonly headers: string
  /** What ended PHP if not itself. */
  readonly trouble: string | undefined
}

/** As much as half a minute of work, and memory for tests that want a lot. */
const LIMITS: SlotLimits = { fuel: 60_000_000_000, memoryMiB: 768, graceFuel: 0 }
const ENVIRONMENT_PATH = '/internal/environment.php'
const TIME_MS = 1_790_000_000_000

/** Standard output and, where a test wants it, standard error, in the order they were written. */
class MergedOutput extends RequestOutput {
  readonly #stderr: boolean

  constructor(stderr: boolean) {
    super()
    this.#stderr = stderr
  }

  override write(...[device, bytes]: Parameters<RequestOutput['write']>): void {
    if (device !== 'log') super.write(device, bytes)
    else if (this.#stderr) super.write('output', bytes)
  }
}

/**
 * PHP with the product's kernel below it, but not the product's entry: each test starts PHP anew with a php.ini of its own, most by PHP's
 * command line, as php-src's runner does. Nothing but tests uses this.
 */
export class PhpUnderTest {
  readonly #parts: PhpOfTests

  constructor(parts: PhpOfTests) {
    this.#parts = parts
  }

  run(site: TreeDirectory, run: Run): Ran {
    const php = new PhpInstance({ ...this.#parts, limits: LIMITS, extensions: [], carriedOut: [] })
    const { kernel } = php
    const settings = run.env.length === 0 ? run.settings : new Map([...run.settings, ['auto_prepend_file', ENVIRONMENT_PATH]])
    const file = (path: string, text: string) =>
      ({ type: 'write', path: path.slice(1), mode: 0o444, mtimeS: 1, bytes: latin1(text) }) as const
    const tree = deriveTree(mountSite(site), [file(INI_PATH, iniOf(settings)), file(ENVIRONMENT_PATH, environmentScript(run.env))])
    const seed = latin1(run.script)
    const world: RequestWorld = {
      files: new Overlay(tree, writabilityOf(usualConfiguration)),
      clock: new VirtualClock(TIME_MS),
      random: new SeededRandom(seed),
      processId: processIdOf(seed),
      output: new MergedOutput(run.stderr),
      log: undefined,
      host: undefined,
    }
    const descriptors: (Descriptor | undefined)[] = [...standardDescriptors]
    if (run.stdin !== '') {
      const node = world.files.create(world.files.place('/tmp/stdin'), 0o600, 1)
      world.files.write(node, latin1(run.stdin), 0, 1)
      descriptors[0] = { kind: 'file', path: '/tmp/stdin', node, flags: 0, offset: 0 }
      // else it would end with its name
      world.files.opened(node)
      world.files.unlink('/tmp/stdin', 1)
    }
    php.begin(world, new DescriptorTable(descriptors), LIMITS)
    php.layOut()
    php.function('__wasm_call_ctors')()
    const script = `${SITE_FOLDER}/${run.script}`
    kernel.workingDirectory = script.slice(0, script.lastIndexOf('/'))
    let trouble: string | undefined
    try {
      if (run.web) serve(php, script, run.web, run.env)
      else commandLine(php, script, settings, run.args)
    } catch (error) {
      const reason = kernel.halted?.reason
      if (php.fuel.spent) trouble = 'fuel used up'
      else if (reason?.type === 'answer') trouble = reason.code
      else if (reason?.type === 'abstain') trouble = reason.reason
      else if (reason === undefined) trouble = String(error).split('\n')[0]
    }
    const text = (device: 'output' | 'headers') => Buffer.from(world.output.read(device)).toString('latin1')
    return { output: text('output'), headers: text('headers'), trouble }
  }
}

/** Settings come with -d, as php-src's runner gives them: what PHP's command line sets itself counts more than php.ini. */
function commandLine(php: PhpInstance, script: string, settings: Run['settings'], args: readonly string[]): void {
  const given = Array.from(settings, ([name, value]) => ['-d', `${name}=${value}`]).flat()
  for (const word of ['php', '-n', ...given, '-f', script, ...(args.length > 0 ? ['--', ...args] : [])]) {
    php.withText(word, php.function('wasm_add_cli_arg'))
  }
  php.function('run_cli')()
}

function serve(php: PhpInstance, script: string, web: Web, env: Run['env']): void {
  php.withText(INI_PATH, php.function('wasm_set_phpini_path'))
  php.withText('cgi-fcgi', php.function('wasm_set_sapi_name'))
  php.function('php_wasm_init')()
  const name = script.slice(script.lastIndexOf('/'))
  const variables = new Map([
    ['SERVER_PORT', '80'],
    ['REQUEST_METHOD', web.method],
    ['SCRIPT_NAME', name],
    ['SCRIPT_FILENAME', script],
    ['PHP_SELF', name],
    ['QUERY_STRING', web.query],
    ['CONTENT_LENGTH', String(web.body.length)],
  ])
  for (const [name, value] of env) variables.set(name, value)
  if (web.contentType !== undefined) variables.set('CONTENT_TYPE', web.contentType)
  if (web.cookies !== undefined) variables.set('HTTP_COOKIE', web.cookies)
  const { query, contentType, cookies } = web
  const request = { method: web.method, target: name, host: 'localhost', https: false, headers: [], body: latin1(web.body) }
  runScript(php, request, { script, query, contentType, cookies, variables }, SLOT)
}

/** The environment is made by the kernel, the same for all; what a test wants in it is put there by a script that runs before it. */
function environmentScript(env: Run['env']): string {
  const lines = env.map(([name, value]) => {
    const [key, text] = [name, value].map((part) => `'${part.replace(/[\\']/g, '\\$&')}'`)
    return `putenv(${key} . '=' . ${text}); $_ENV[${key}] = $_SERVER[${key}] = ${text};\n`
  })
  return `<?php\n${lines.join('')}`
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}
