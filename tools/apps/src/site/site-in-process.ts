import { createHash } from 'node:crypto'
import type { Answered, FileChange, ScriptRequest } from '@interpeer/php-runtime-bridge'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { cacheFolder } from './cache-folder.ts'
import { CookieJar } from './cookie-jar.ts'
import { type FormFile, formBody } from './request-body.ts'
import { readSiteFolder } from './site-folder.ts'

/** What is asked of a site; a form makes it a POST. */
export interface Ask {
  readonly form?: Readonly<Record<string, string>>
  readonly files?: readonly FormFile[]
  readonly method?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** What the visitor calls the site; by default what it was opened as. */
  readonly host?: string
  /** As a group has it: a view is a read, whose changes of caches are dropped, and runs again as a write where it changed anything else. */
  readonly asGroup?: boolean
  /** Without the visitor's cookies, and leaving them as they are. */
  readonly anonymous?: boolean
}
export interface Reply extends Answered {
  readonly text: string
  /** The last header of that name, in small letters. */
  header(name: string): string | undefined
}
const START_MS = 1_700_000_100_000
const STEP_MS = 1_000

const startRuntime = () =>
  startPhpRuntime({ cacheFolder: `${cacheFolder}/php`, guardMs: 300_000, hostCalls: { effects: ['after', 'pay', 'outbox'] } })
/** One runtime serves all sites of a process that ask for no other: its PHP is metered and compiled once. */
let shared: Promise<PhpRuntime> | undefined
export function sharedRuntime(): Promise<PhpRuntime> {
  shared ??= startRuntime()
  return shared
}
export async function closeSharedRuntime(): Promise<void> {
  const closing = shared
  shared = undefined
  await (await closing)?.close()
}

let count = 0

/**
 * A site run in this process, without any network: every request gets a time one second later than the one before, and a seed made of its number, so the same
 * session always ends in the same files. A visitor with cookies is asking.
 */
export class SiteInProcess {
  readonly #php: PhpRuntime
  readonly #host: string
  readonly #jar = new CookieJar()
  readonly #all: (readonly FileChange[])[] = []
  #root: string
  #asked = 0
  #timeMs = START_MS

  private constructor(php: PhpRuntime, root: string, host: string) {
    this.#php = php
    this.#root = root
    this.#host = host
  }

  static async open(folder: string, host = 'site.localhost'): Promise<SiteInProcess> {
    const php = await sharedRuntime()
    const { files, directories, symlinks } = readSiteFolder(folder)
    const root = `site ${++count}`
    await php.load(root, files, directories, symlinks)
    return new SiteInProcess(php, root, host)
  }

  /** All that changed since it was opened, in order: what takes a folder to the state that the site is in. */
  get changes(): readonly FileChange[] {
    return this.#all.flat()
  }
  /** The same, by requests: those that changed nothing are left out. */
  get history(): readonly (readonly FileChange[])[] {
    return this.#all
  }
  /** Lets time pass for the requests that follow. */
  wait(ms: number): void {
    this.#timeMs += ms
  }
  forgetCookies(): void {
    this.#jar.clear()
  }

  /** One request; what it changes stays. Redirects are not followed. @throws where this machine could not run it */
  async ask(
    target: string,
    { form, files, method, headers = [], host = this.#host, anonymous = false, asGroup = false }: Ask = {},
  ): Promise<Reply> {
    const body = form === undefined ? undefined : formBody(form, files)
    const cookies = anonymous ? undefined : this.#jar.header
    const request: ScriptRequest = {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      target,
      host,
      https: false,
      headers: [
        ...(body === undefined ? [] : [['Content-Type', body.type] as const]),
        ...(cookies === undefined ? [] : [['Cookie', cookies] as const]),
        ...headers,
      ],
      body: body?.bytes ?? new Uint8Array(),
    }
    this.#timeMs += STEP_MS
    const seed = createHash('sha256')
      .update(`request ${++this.#asked}`)
      .digest()
    const at = { timeMs: this.#timeMs, seed }
    const isView = asGroup && (request.method === 'GET' || request.method === 'HEAD')
    const read = isView ? await this.#php.run(this.#root, request, at, { kind: 'read' }) : undefined
    const isRead = read?.type === 'answered' && read.changes.length + read.effects.length === 0
    const outcome = isRead ? read : await this.#php.run(this.#root, request, at)
    if (outcome.type === 'abstained') throw new Error(`${request.method} ${target}: ${outcome.reason}`)
    await this.#take(outcome.changes)
    if (!anonymous) this.#jar.take(outcome.headers, this.#timeMs)
    return {
      ...outcome,
      text: new TextDecoder().decode(outcome.body),
      header: (name) => outcome.headers.findLast(([one]) => one.toLowerCase() === name)?.[1],
    }
  }

  close(): void {
    this.#php.forget(this.#root)
  }

  async #take(changes: readonly FileChange[]): Promise<void> {
    if (changes.length === 0) return
    const next = `site ${++count}`
    await this.#php.derive(next, this.#root, changes)
    this.#php.forget(this.#root)
    this.#root = next
    this.#all.push(changes)
  }
}
