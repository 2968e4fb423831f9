import type { FileEntry } from '@interpeer/content-store'
import { canonicalText, type SiteConfiguration } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { type Finding, findingOf } from '../findings.js'

/** Scripts of one run, and their bytes in all: parsed they take a hundred times as much memory. */
const [SCRIPTS_AT_ONCE, BYTES_AT_ONCE] = [200, 1024 * 1024]
const ERRORS_TOLD = 50
const SLOTS = 5
const SCRIPT = 'interpeer-lint.php'
/** Says for each path that is posted what PHP's own parser makes of it; nothing of it is run. */
const source = `<?php
foreach (explode("\\n", file_get_contents('php://input')) as $path) {
  try { token_get_all(file_get_contents("/site/$path"), TOKEN_PARSE); }
  catch (\\Error $error) { echo json_encode([$path, $error->getLine(), $error->getMessage()], JSON_INVALID_UTF8_SUBSTITUTE), "\\n"; }
}
echo "done";`
const at = { timeMs: 1_800_000_000_000, seed: new Uint8Array(32) }

/** What PHP's parser, of the site's version, does not take. `root` is a site that the runtime holds. */
export async function checkSyntax(
  runtime: PhpRuntime,
  root: string,
  configuration: SiteConfiguration,
  scripts: readonly FileEntry[],
  say: (line: string) => void,
): Promise<Finding[]> {
  const name = `${root}, syntax`
  const { php } = configuration
  const open = canonicalText({
    ...configuration,
    php,
    slots: SLOTS,
    mutable: 'everything',
    scratch: [],
    warmUp: [],
    rewrite: [],
    router: undefined,
    entry: undefined,
  })
  const file = (path: string, text: string) =>
    ({ type: 'write', path, mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode(text) }) as const
  const folder = configuration.documentRoot === undefined || configuration.documentRoot === '.' ? '' : `${configuration.documentRoot}/`
  await runtime.derive(name, root, [file('interpeer.json', open), file(`${folder}${SCRIPT}`, source)])
  const errors: { readonly path: string; readonly line: number; readonly message: string }[] = []
  const unchecked: { readonly path: string }[] = []
  const check = async (batch: readonly FileEntry[]): Promise<void> => {
    const body = new TextEncoder().encode(batch.map(({ path }) => path).join('\n'))
    const request = {
      method: 'POST',
      target: `/${SCRIPT}`,
      host: 'localhost',
      https: false,
      headers: [['content-type', 'text/plain']] as const,
      body,
    }
    const outcome = await runtime.run(name, request, at, { kind: 'read' })
    const lines = outcome.type === 'answered' ? new TextDecoder().decode(outcome.body).split('\n') : []
    if (lines.at(-1) === 'done') {
      for (const line of lines.slice(0, -1)) {
        const [path, number, message] = JSON.parse(line) as [string, number, string]
        errors.push({ path, line: number, message })
      }
    } else if (batch.length === 1) unchecked.push({ path: (batch[0] as FileEntry).path })
    else {
      // one of them is too much for PHP: it is found by halves
      await check(batch.slice(0, batch.length / 2))
      await check(batch.slice(batch.length / 2))
    }
  }
  try {
    let done = 0
    for (const batch of batchesOf(scripts)) {
      await check(batch)
      done += batch.length
      say(`parsed ${done} of ${scripts.length} scripts`)
    }
  } finally {
    runtime.forget(name)
  }
  return [
    ...errors
      .slice(0, ERRORS_TOLD)
      .map(({ path, line, message }) => findingOf('error', 'SYNTAX', `PHP ${php}: ${message}`, [{ path, line }])),
    ...(errors.length > ERRORS_TOLD ? [findingOf('error', 'SYNTAX', `${errors.length - ERRORS_TOLD} more scripts with faults`)] : []),
    ...(unchecked.length === 0 ? [] : [findingOf('warning', 'SYNTAX', 'scripts that PHP could not parse within its memory', unchecked)]),
  ]
}

function* batchesOf(scripts: readonly FileEntry[]): Generator<FileEntry[]> {
  let batch: FileEntry[] = []
  let bytes = 0
  for (const script of scripts) {
    if (batch.length > 0 && (batch.length >= SCRIPTS_AT_ONCE || bytes + script.bytes.length > BYTES_AT_ONCE)) {
      yield batch
      batch = []
      bytes = 0
    }
    // such a name can not be posted in a list of lines
    if (script.path.includes('\n')) continue
    batch.push(script)
    bytes += script.bytes.length
  }
  if (batch.length > 0) yield batch
}
