import { fileURLToPath } from 'node:url'
import type { FileChange, FileEntry } from '@interpeer/php-runtime-bridge'
import { type PhpRuntime, type PhpRuntimeOptions, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** For the metered binary, which takes a second to make. */
export const CACHE_FOLDER = fileURLToPath(new URL('../node_modules/.cache/php', import.meta.url))

export const startPhp = (options: PhpRuntimeOptions = {}): Promise<PhpRuntime> =>
  startPhpRuntime({ guardMs: 60_000, cacheFolder: CACHE_FOLDER, ...options })

const TIME_MS = 1_790_000_000_000

/** Files by path, made in 2023. */
export function filesOf(files: Readonly<Record<string, string | Uint8Array>>): FileEntry[] {
  return Object.entries(files).map(([path, content]) => ({
    path,
    mode: 0o644,
    mtimeS: 1_700_000_000,
    bytes: typeof content === 'string' ? utf8(content) : content,
  }))
}

export interface Visit {
  /** Beside the page, where one is made. */
  readonly files?: Readonly<Record<string, string>>
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly https?: boolean
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly timeMs?: number
  readonly seed?: string
}
export interface Seen {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly text: string
  readonly body: Uint8Array
  readonly changes: readonly FileChange[]
  readonly transcript: string
  readonly log: string
  readonly fuel: number
  readonly memoryBytes: number
}

/** One request to a site that the runtime holds. Throws if the runtime abstains. */
export async function visit(php: PhpRuntime, root: string, given: Visit = {}): Promise<Seen> {
  const { method = 'GET', target = '/', host = 'wiki.localhost:8080', https = false, headers = [], body = '' } = given
  const request = { method, target, host, https, headers, body: typeof body === 'string' ? utf8(body) : body }
  const outcome = await php.run(root, request, { timeMs: given.timeMs ?? TIME_MS, seed: utf8(given.seed ?? 'seed') })
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  return {
    ...outcome,
    header: (name) => outcome.headers.find(([one]) => one.toLowerCase() === name)?.[1],
    text: textOf(outcome.body),
    transcript: Buffer.from(outcome.transcript).toString('hex'),
  }
}

let roots = 0

/** Runs one script as a site's only page. */
export async function runPage(php: PhpRuntime, script: string, given: Visit = {}): Promise<Seen> {
  const root = `page ${roots++}`
  await php.load(root, filesOf({ 'index.php': script, ...given.files }))
  try {
    return await visit(php, root, given)
  } finally {
    php.forget(root)
  }
}

/** Runs a script and reads the JSON that it echoes. */
export async function resultOf(php: PhpRuntime, script: string): Promise<unknown> {
  const seen = await runPage(php, `<?php ${script}`)
  if (seen.status !== 200 || seen.log !== '') throw new Error(`${seen.status} ${seen.log} ${seen.text}`)
  return JSON.parse(seen.text)
}

/** 'write a.txt', 'delete b', … */
export const namesOf = (changes: readonly FileChange[]): string[] => changes.map(({ type, path }) => `${type} ${path}`)
