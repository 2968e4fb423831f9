import type { FileChange } from './files.js'
import type { ChildJobRecord } from './host-calls/child-task.js'
import type { Effect } from './host-calls/effects.js'

export interface Answered {
  readonly type: 'answered'
  readonly status: number
  /** In the order they were set; names as the script wrote them. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Sorted by path; content-equal writes dropped; paths relative to the site. */
  readonly changes: readonly FileChange[]
  /** What the script wants done outside its site, in the order it asked; at most 100. To be done once the group agreed on this answer, and not before. */
  readonly effects: readonly Effect[]
  /**
   * What the run did on its way, and a digest of all of the above: the same on every machine, and not to be had from the answer. 72 to 16,456 bytes
   * (the README has the form).
   */
  readonly transcript: Uint8Array
  /** Work done, in fuel (see SlotLimits); 0 where no script ran. The same on every machine; not part of the transcript. */
  readonly fuel: number
  /** The most memory that PHP's instance had, bytes; 0 where no script ran. The same on every machine; not part of the transcript. */
  readonly memoryBytes: number
  /** The scripts that it ran in slots of their own, in the order of their ends: at most 100. The same on every machine; not part of the transcript. */
  readonly childJobs: readonly ChildJobRecord[]
  /** What PHP wrote to its error log, for the site's owner; at most 64 KiB; not part of the transcript. */
  readonly log: string
}
export type AbstainReason = 'GUARD_TIME' | 'HOST_MEMORY' | 'HOST_STACK' | 'HOST_DISK' | 'WORKER_DIED' | 'IMAGE_FAILED' | 'CONTENT_MISSING'
/** This machine could not finish, which says nothing about the request: another may. */
export interface Abstained {
  readonly type: 'abstained'
  readonly reason: AbstainReason
}
export type ScriptOutcome = Answered | Abstained

/** Answers that the runtime itself gives, the same on every machine. They change no file, but for HEADERS_MALFORMED, which keeps what the script did. The code is in the header Interpeer-Error. */
export const answerCodes = {
  REQUEST_INVALID: [400, 'The request is malformed or too large'],
  NOT_FOUND: [404, 'Nothing is at this address'],
  FORBIDDEN: [403, 'A rule of the site forbids it'],
  METHOD_NOT_ALLOWED: [405, 'A static file can only be read'],
  GONE: [410, 'A rule of the site says that it is gone'],
  REWRITE_ENDLESS: [500, "The site's rules for addresses lead in a circle, or look at too much"],
  CONFIGURATION_INVALID: [500, "The site's interpeer.json is not as it must be"],
  RESPONSE_TOO_LARGE: [500, 'The script sent more than a response may hold'],
  SLOT_EXHAUSTED: [503, 'The script used up its job slot; nothing was changed'],
  MEMORY_EXHAUSTED: [503, 'The script used up its memory; nothing was changed'],
  SCRIPT_TRAPPED: [500, 'The script broke the PHP interpreter; nothing was changed'],
  STACK_EXHAUSTED: [500, 'The script recursed too deeply; nothing was changed'],
  CHANGES_INVALID: [500, 'The script left what no site can hold; nothing was changed'],
  HEADERS_MALFORMED: [502, 'The script sent headers that no response may have'],
} as const
export type AnswerCode = keyof typeof answerCodes

export const ERROR_HEADER = 'interpeer-error'

export type Draft = Omit<Answered, 'type' | 'transcript' | 'fuel' | 'memoryBytes' | 'childJobs'>

export function codedAnswer(code: AnswerCode, detail = '', log = ''): Draft {
  const [status, text] = answerCodes[code]
  const headers: [string, string][] = [
    ['content-type', 'text/plain; charset=utf-8'],
    [ERROR_HEADER, code],
  ]
  if (code === 'METHOD_NOT_ALLOWED') headers.push(['allow', 'GET, HEAD'])
  const body = asciiBytes(`${code}: ${text}${detail === '' ? '' : `: ${detail}`}.\n`)
  return { status, headers, body, changes: [], effects: [], log }
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
