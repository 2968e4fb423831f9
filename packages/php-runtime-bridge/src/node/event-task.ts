import type { ChildTask } from '../host-calls/child-task.js'
import { SITE_FOLDER } from '../php-ini.js'
import type { ScriptEvent } from '../request.js'

/** What an event's script is given; undefined for what runs no script of its own. */
export function taskOfEvent(event: ScriptEvent | undefined): ChildTask | undefined {
  if (event === undefined || event.type === 'cron') return undefined
  const args = event.type === 'timer' ? event.args : answerArgs(event)
  return { script: `${SITE_FOLDER}/${event.script}`, args, result: undefined, failure: undefined }
}

/** `['key' => …, 'sent' => bool, 'status' => int, 'headers' => [[name, value], …], 'body' => …, 'error' => …]`, as PHP's serialize() writes it. */
function answerArgs({ key, answer, error = answer === undefined ? 'OUTBOX_UNSENT' : '' }: ScriptEvent & { type: 'answer' }): Uint8Array {
  const { status, headers, body } = answer ?? { status: 0, headers: [], body: new Uint8Array(0) }
  const parts: (string | Uint8Array)[] = ['a:6:{', ...text('key'), ...text(key), ...text('sent'), `b:${error === '' ? 1 : 0};`]
  parts.push(...text('status'), `i:${status};`, ...text('headers'), `a:${headers.length}:{`)
  for (const [i, [name, value]] of headers.entries()) parts.push(`i:${i};a:2:{i:0;`, ...text(name), 'i:1;', ...text(value), '}')
  parts.push('}', ...text('body'), ...text(body), ...text('error'), ...text(error), '}')
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

function text(value: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return [`s:${bytes.length}:"`, bytes, '";']
}
