import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { filesOf, startPhp, visit } from '../sites.js'
import type { HostileCase } from './corpus.js'
import type { HostUnderAttack } from './host-under-attack.js'
import { faultOf } from './judge.js'

/** A small slot: whatever never ends takes no long time to. */
const limits = { fuel: 200_000_000, memoryMiB: 128, graceFuel: 20_000_000 }
const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array([1]) }
/** Shows whatever one request could leave for the next. */
const probe = `<?php session_start(); $_SESSION['n'] = random_int(0, PHP_INT_MAX); echo json_encode([ini_get_all(null, false), get_included_files(),
  spl_object_id(new stdClass), memory_get_usage(), getenv(), scandir('/tmp'), scandir('/site'), stream_get_wrappers(), hrtime(), setlocale(LC_ALL, 0),
  get_declared_classes(), get_defined_functions(), error_get_last(), umask(), mb_internal_encoding(), libxml_get_errors()]);`

/** A runtime that hostile scripts are run on, and what it answers to a probe when none has been. */
export class Attacked {
  readonly #php: PhpRuntime
  readonly #host: HostUnderAttack
  readonly #known: string

  private constructor(php: PhpRuntime, host: HostUnderAttack, known: string) {
    this.#php = php
    this.#host = host
    this.#known = known
  }

  /** @param options which PHP: the one that sites get where they name none, by default */
  static async start(host: HostUnderAttack, options: Pick<NonNullable<Parameters<typeof startPhp>[0]>, 'php'> = {}): Promise<Attacked> {
    const php = await startPhp({ limits, ...options })
    await php.load('probe', filesOf({ 'index.php': probe }))
    return new Attacked(php, host, await answerToProbe(php))
  }

  /** @returns what is wrong with how the scripts were answered, with what the next request saw, and with the host afterwards */
  async by(scripts: readonly HostileCase[]): Promise<string[]> {
    const faults: string[] = []
    for (const one of scripts) {
      await this.#php.load('hostile', filesOf({ 'index.php': one.script, 'empty.php': '' }))
      const outcome = await this.#php.run('hostile', request, at)
      const fault = outcome.type === 'abstained' ? `this machine abstained: ${outcome.reason}` : faultOf(one, outcome, this.#host.secrets)
      if (fault !== undefined) faults.push(`${one.name}: ${fault}`)
      if ((await answerToProbe(this.#php)) !== this.#known) faults.push(`${one.name}: the next request was answered otherwise`)
    }
    return [...faults, ...this.#host.touched()]
  }

  stop(): Promise<void> {
    return this.#php.close()
  }
}

const answerToProbe = async (php: PhpRuntime): Promise<string> => (await visit(php, 'probe')).transcript
