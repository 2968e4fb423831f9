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
export function* answerForm(answer: Draft, byteLength: (text: string) => number): Generator<FormPart> {
  const sized = function* (value: FormPart): Generator<FormPart> {
    yield `${typeof value === 'string' ? byteLength(value) : value.length}:`
    yield value
  }
  yield `interpeer answer 2;${answer.status};${answer.headers.length};`
  for (const [name, value] of answer.headers) {
    yield* sized(name)
    yield* sized(value)
  }
  yield* sized(answer.body)
  yield `${answer.changes.length};`
  for (const change of answer.changes) {
    yield* sized(change.type)
    yield* sized(change.path)
    yield attributesOf(change)
    if (change.type === 'write') yield* sized(change.bytes)
    else if (change.type === 'symlink') yield* sized(change.target)
    else if (change.type === 'patch') {
      for (const { at, bytes } of change.parts) {
        yield `${at};`
        yield* sized(bytes)
      }
    }
  }
  yield `${answer.effects.length};`
  for (const effect of answer.effects) {
    const parts = partsOf(effect)
    yield `${effect.type};${parts.length};`
    for (const part of parts) yield* sized(part)
  }
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
