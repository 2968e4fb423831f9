import type { ScriptOutcome } from '../script-runtime.js'
import { cutText } from './cut-text.js'
import { type JobLogEntry, METHOD_MAX_BYTES, SAID_MAX_BYTES, TARGET_MAX_BYTES } from './messages.js'

/** A run as it is logged: short, whatever the script was sent and wrote. */
export type LoggedRun = Omit<JobLogEntry, 'number' | 'epoch'>
interface Ran {
  readonly ran: LoggedRun['ran']
  readonly timeMs: number
  readonly step: number
}
interface Asked {
  readonly id: Uint8Array
  readonly method: string
  readonly target: string
}

/** With this header a runtime says that it answered in the script's place, and why. */
const CODE_HEADER = 'interpeer-error'

export function loggedRun({ id, method, target }: Asked, outcome: ScriptOutcome, { ran, timeMs, step }: Ran): LoggedRun {
  const at = {
    timeMs,
    ran,
    step,
    id: id.slice(),
    method: cutText(method, METHOD_MAX_BYTES).text,
    target: cutText(target, TARGET_MAX_BYTES).text,
  }
  if (outcome.type === 'abstained') return { ...at, status: 0, fuel: null, memoryBytes: null, ...saying(outcome.reason) }
  const code = outcome.headers.find(([name]) => name.toLowerCase() === CODE_HEADER)?.[1] ?? ''
  const said = [code, outcome.log ?? ''].filter((part) => part !== '').join('\n')
  return { ...at, status: outcome.status & 0xffff, fuel: countOf(outcome.fuel), memoryBytes: countOf(outcome.memoryBytes), ...saying(said) }
}

/** Whether its uploader should look at it: the script complained, failed, or was given up. */
export const isComplaint = ({ status, said }: Pick<JobLogEntry, 'status' | 'said'>): boolean => said !== '' || status === 0 || status >= 500

function saying(words: string): Pick<LoggedRun, 'said' | 'cutBytes'> {
  const { text, cutBytes } = cutText(words, SAID_MAX_BYTES)
  return { said: text, cutBytes }
}

const countOf = (value: number | undefined): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
