import { sealOf, sha256 } from '@interpeer/crypto-ids'
import type { ScriptEffect } from './script-runtime.js'

type Field = string | number | bigint | Uint8Array | null | readonly Field[]

/**
 * What an answer's `effects` holds: all that the runs of a batch asked for, in order. Long parts stand there as their hashes. No effects have the digest of an
 * answer without any.
 */
export function effectsDigest(runs: readonly (readonly ScriptEffect[])[]): Uint8Array {
  return sealOf(
    'interpeer-group-effects',
    runs.flatMap((effects, run) => effects.map((effect) => [run, ...fieldsOf(effect)])),
  )
}

function fieldsOf(effect: ScriptEffect): readonly Field[] {
  if (effect.type === 'after') return ['after', effect.name, effect.seconds, effect.script, sha256(effect.args)]
  if (effect.type === 'pay') return ['pay', effect.account, effect.amount]
  const { key, answerTo, request } = effect
  const { headers, body, ...rest } = request
  const named = rest.type === 'http' ? [rest.method, rest.url] : [rest.to, rest.subject]
  return ['outbox', key, answerTo ?? null, rest.type, ...named, headers.map(([name, value]) => [name, value]), sha256(body)]
}
