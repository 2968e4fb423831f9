import type { Answered } from '@interpeer/php-runtime-bridge'
import { isSitePath } from '../../src/path.js'
import { textOf } from '../sites.js'
import type { HostileCase } from './corpus.js'

/** @returns what is wrong with how a hostile script was answered, if anything is */
export function faultOf(one: HostileCase, outcome: Answered, secrets: readonly string[]): string | undefined {
  const text = textOf(outcome.body)
  const everything = [
    text,
    outcome.log,
    ...outcome.headers.flat(),
    ...outcome.changes.map((change) => ('bytes' in change ? textOf(change.bytes) : '')),
  ]
  const leaked = secrets.find((secret) => everything.some((part) => part.includes(secret)))
  if (leaked !== undefined) return `it shows a secret of the host: ${leaked}`
  if (!outcome.changes.every(({ path }) => isSitePath(path))) return 'a change that no site can hold'
  if (outcome.headers.some(([name, value]) => /[\r\n\0]/.test(name + value))) return 'a header of two lines'
  return outcomeFault(one.expect, outcome, text.trim())
}

function outcomeFault(expect: string, outcome: Answered, text: string): string | undefined {
  const code = outcome.headers.find(([name]) => name.toLowerCase() === 'interpeer-error')?.[1]
  const saw = `${outcome.status} ${code ?? ''} ${text.slice(0, 200)} ${outcome.log.slice(0, 300)}`
  const [kind, ...words] = expect.split(' ')
  const given = words.join(' ')
  const holds = (): boolean => {
    switch (kind) {
      case 'text':
        return outcome.status === 200 && text === given
      case 'like':
        return outcome.status === 200 && new RegExp(given).test(text)
      case 'coded':
        return code !== undefined && words.includes(code)
      case 'status':
        return words.includes(String(outcome.status))
      case 'safe':
        return !outcome.headers.some(([name]) => /evil/i.test(name))
      case 'slot':
        return code === 'SLOT_EXHAUSTED' || /job slot|SlotExhausted|Allowed memory size/i.test(outcome.log)
      case 'ended':
      case 'stored':
        return code !== 'SCRIPT_TRAPPED'
      case 'any':
        return true
      default:
        return false
    }
  }
  return holds() ? undefined : `expected ${expect}, saw ${saw}`
}
