import type { FileChange } from './files.js'
import type { Effect } from './host-calls/effects.js'
import type { Draft } from './outcome.js'

/** A piece of what is hashed: text stands for its UTF-8 bytes. */
export type FormPart = string | Uint8Array

/**
 * The canonical form of an answer, to be hashed: every text and byte string with its length before it (decimal, ':'), every list
 * with its count, so that no two answers have the same form. The version comes first.
 * @param byteLength UTF-8 length of a text
 */
export function answerForm(answer: Draft, byteLength: (text: string) => number): FormPart[] {
  const form: FormPart[] = [`interpeer answer 2;${answer.status};${answer.headers.length};`]
  const sized = (value: FormPart) => form.push(`${typeof value === 'string' ? byteLength(value) : value.length}:`, value)
  for (const [name, value] of answer.headers) {
    sized(name)
    sized(value)
  }
  sized(answer.body)
  form.push(`${answer.changes.length};`)
  for (const change of answer.changes) {
    sized(change.type)
    sized(change.path)
    form.push(attributesOf(change))
    if (change.type === 'write') sized(change.bytes)
    else if (change.type === 'symlink') sized(change.target)
    else if (change.type === 'patch') {
      for (const { at, bytes } of change.parts) {
        form.push(`${at};`)
        sized(bytes)
      }
    }
  }
  form.push(`${answer.effects.length};`)
  for (const effect of answer.effects) {
    const parts = partsOf(effect)
    form.push(`${effect.type};${parts.length};`)
    for (const part of parts) sized(part)
  }
  return form
}

function partsOf(effect: Effect): readonly FormPart[] {
  if (effect.type === 'after') return [effect.name, String(effect.seconds), effect.script, effect.args]
  if (effect.type === 'pay') return [effect.account, String(effect.amount)]
  const { key, request, answerTo } = effect
  const [first, second] = request.type === 'http' ? [request.method, request.url] : [request.to, request.subject]
  return [key, answerTo ?? '', request.type, first, second, request.body, ...request.headers.flat()]
}

function attributesOf(change: FileChange): string {
  if (change.type === 'write') return `${change.mode};${change.mtimeS};`
  if (change.type === 'patch') return `${change.mode};${change.mtimeS};${change.size};${change.parts.length};`
  return change.type === 'directory' ? `${change.mode};` : ''
}
