import { deriveTree, type TreeDirectory } from '@interpeer/php-runtime-bridge'
import { expectationOf } from './expectation.ts'
import { settingsOf, settingsToSkip } from './ini.ts'
import type { PhpUnderTest, Ran, Run, Web } from './php-under-test.ts'
import { folderOf, type Phpt, pairsOf, parsePhpt, scriptOf } from './phpt.ts'
import { textIn } from './sources.ts'

export type Verdict = 'pass' | 'fail' | 'error' | 'skip'
export interface CaseResult {
  readonly path: string
  readonly verdict: Verdict
  /** Why it was skipped, or what ended it. */
  readonly detail: string
  /** Of a failed one: what it said, to be looked at. Latin1. */
  readonly output: string
  readonly ms: number
}

const WEB_SECTIONS = ['POST', 'POST_RAW', 'PUT', 'GET', 'COOKIE', 'CGI', 'EXPECTHEADERS']
const UNSUPPORTED = ['REDIRECTTEST', 'PHPDBG', 'GZIP_POST', 'DEFLATE_POST']

/** Runs tests one after the other, each on files of its own that end with it: nothing has to be cleaned. */
export class CaseRunner {
  readonly #php: PhpUnderTest
  readonly #sources: TreeDirectory
  readonly #skips = new Map<string, string>()
  #extensions: ReadonlySet<string> | undefined

  constructor(php: PhpUnderTest, sources: TreeDirectory) {
    this.#php = php
    this.#sources = sources
  }

  run(path: string): CaseResult {
    const startedAtMs = performance.now()
    const judged = this.#judge(parsePhpt(path, this.#read(path) ?? ''))
    return { path, detail: '', output: '', ...judged, ms: Math.round(performance.now() - startedAtMs) }
  }

  #judge(test: Phpt): { verdict: Verdict; detail?: string; output?: string } {
    const unsupported = UNSUPPORTED.find((name) => test.sections.has(name))
    if (unsupported !== undefined) return { verdict: 'skip', detail: `section ${unsupported}` }
    const script = scriptOf(test, (path) => this.#read(path))
    const expected = expectationOf(test, (path) => this.#read(path))
    if (script === undefined || expected === undefined) return { verdict: 'skip', detail: 'no script, or no expectation that can be read' }
    const missing = this.#missingExtension(test)
    if (missing !== undefined) return { verdict: 'skip', detail: `extension ${missing}` }
    const skipped = this.#skipped(test)
    if (skipped !== undefined) return { verdict: 'skip', detail: skipped }

    const ran = this.#runScript(test, '.php', script)
    if (ran.trouble !== undefined) return { verdict: 'error', detail: ran.trouble, output: ran.output }
    const passed = expected(ran.output) && headersAsExpected(test, ran.headers)
    if (test.sections.has('XFAIL') && !passed) return { verdict: 'skip', detail: 'expected to fail' }
    return passed ? { verdict: 'pass' } : { verdict: 'fail', output: ran.output }
  }

  #runScript(test: Phpt, ending: string, script: string): Ran {
    const { sections } = test
    const path = test.path.replace(/\.phpt$/, ending)
    const file = { type: 'write', path, mode: 0o644, mtimeS: 1_700_000_000, bytes: Uint8Array.from(Buffer.from(script, 'latin1')) } as const
    const streams = sections.get('CAPTURE_STDIO')
    const run: Run = {
      script: path,
      settings: ending === '.php' ? settingsOf(test, `/site/${folderOf(test.path)}`) : settingsToSkip,
      args: wordsOf(sections.get('ARGS') ?? ''),
      stdin: sections.get('STDIN') ?? '',
      env: pairsOf((sections.get('ENV') ?? '').replaceAll('{PWD}', `/site/${folderOf(test.path)}`), '='),
      stderr: streams === undefined || streams.toUpperCase().includes('STDERR'),
      web: webOf(sections),
    }
    return this.#php.run(deriveTree(this.#sources, [file]), run)
  }

  /** The reason, as the test's own SKIPIF says it. */
  #skipped(test: Phpt): string | undefined {
    const script = test.sections.get('SKIPIF')
    if (script === undefined || script.trim() === '') return undefined
    const key = [folderOf(test.path), test.sections.get('ENV') ?? '', script].join('\0')
    let said = this.#skips.get(key)
    if (said === undefined) {
      const ran = this.#runScript(test, '.skip.php', script)
      said = ran.trouble === undefined ? ran.output.trim() : `skip, because asking ended in ${ran.trouble}`
      this.#skips.set(key, said)
    }
    return /^skip/i.test(said) ? said.replace(/^skip[\s:]*/i, '').slice(0, 200) : undefined
  }

  #missingExtension(test: Phpt): string | undefined {
    const wanted = (test.sections.get('EXTENSIONS') ?? '').split('\n').map((name) => name.trim().toLowerCase())
    this.#extensions ??= this.#loadedExtensions()
    return wanted.find((name) => name !== '' && !this.#extensions?.has(name))
  }

  #loadedExtensions(): ReadonlySet<string> {
    const ask = parsePhpt('extensions.phpt', '')
    const { output } = this.#runScript(ask, '.php', '<?php echo strtolower(implode("\\n", get_loaded_extensions()));')
    return new Set(output.split('\n').map((name) => (name === 'zend opcache' ? 'opcache' : name)))
  }

  #read(path: string): string | undefined {
    return textIn(this.#sources, path)
  }
}

function webOf(sections: ReadonlyMap<string, string>): Web | undefined {
  if (!WEB_SECTIONS.some((name) => sections.has(name))) return undefined
  const query = (sections.get('GET') ?? '').trim()
  const cookies = sections.get('COOKIE')?.trim()
  const raw = sections.get('POST_RAW') ?? sections.get('PUT')
  const plain = sections.get('POST')
  if (raw !== undefined) {
    const lines = raw.replace(/\r\n/g, '\n').trim().split('\n')
    const type = lines.findIndex((line) => /^Content-Type:/i.test(line))
    const contentType = type < 0 ? undefined : lines.splice(type, 1)[0]?.replace(/^Content-Type:\s*/i, '')
    return { method: sections.has('PUT') ? 'PUT' : 'POST', query, cookies, contentType, body: lines.join('\n') }
  }
  if (plain !== undefined) {
    return { method: 'POST', query, cookies, contentType: 'application/x-www-form-urlencoded', body: plain.trim() }
  }
  return { method: 'GET', query, cookies, contentType: undefined, body: '' }
}

function headersAsExpected(test: Phpt, block: string): boolean {
  const wanted = pairsOf(test.sections.get('EXPECTHEADERS') ?? '', ':')
  if (wanted.length === 0) return true
  const sent = new Map<string, string>()
  for (const [name, value] of pairsOf(block.replace(/^.*"headers": \[/, '').replace(/^"|",?$/gm, ''), ':'))
    sent.set(name.toLowerCase(), value)
  return wanted.every(([name, value]) => name === 'Status' || sent.get(name.toLowerCase()) === value)
}

/** ARGS as a shell would split them, as far as the tests need it. */
function wordsOf(text: string): string[] {
  return (text.trim().match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'))
}
