import { EffectList, effectLimits } from '../../../packages/php-runtime-bridge/src/host-calls/effects.js'
import { decodeFields, encodeFields } from '../../../packages/php-runtime-bridge/src/host-calls/fields.js'
import { answerHostCall, type HostContext } from '../../../packages/php-runtime-bridge/src/host-calls/host-calls.js'
import { isPlainData } from '../../../packages/php-runtime-bridge/src/host-calls/plain-data.js'
import { Broken, bytesOfText, type Target } from '../src/target.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const decode = (bytes: Uint8Array) => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
const host = (): HostContext => ({
  effects: new EffectList(),
  refusalOf: () => undefined,
  job: { id: 'bafy', account: 'z6Mk', step: 1 },
  balance: 1000n,
  content: (cid) => (cid.endsWith('a') ? bytesOfText(cid) : null),
  scriptAt: (path) => (path.length < 20 && !path.includes('\0') ? path : undefined),
  nextKey: () => '0'.repeat(64),
  runChild: (script, args, slots) => {
    if (!isPlainData(args)) throw new Broken('arguments that are no plain data')
    const output = bytesOfText(script)
    if (slots === 1) return { type: 'returned', result: args, output }
    if (slots === 2) return { type: 'exhausted', what: 'MemoryExhausted', output }
    return { type: 'failed', reason: 'EXITED', message: output, output }
  },
  task: { script: '/site/child.php', args: bytesOfText('a:0:{}'), result: undefined, failure: undefined },
  chargeReading: () => undefined,
  forgetLibrary: () => undefined,
  decode,
  encode: bytesOfText,
})
const message = (...fields: readonly string[]) => encodeFields(fields.map(bytesOfText))

export const phpHostCalls: readonly Target[] = [
  {
    name: 'php-runtime-bridge/host-call',
    file: 'packages/php-runtime-bridge/src/host-calls/host-calls.ts',
    errors: [],
    run: (input) => {
      const context = host()
      const answer = decodeFields(answerHostCall(input, context))
      if (!answer?.[0]) throw new Broken('an answer of another form')
      const { all, paid } = context.effects
      if (all.length > effectLimits.effectsMax || paid > 1000n) throw new Broken('effects beyond their bounds')
      const result = context.task?.result
      if (result && !isPlainData(result)) throw new Broken('a result that is no plain data')
      if (all.length > 0 && decode(answer[0]) !== 'ok') throw new Broken('an effect of a call that failed')
      for (const effect of all)
        if (effect.type === 'after' && !isPlainData(effect.args)) throw new Broken('arguments that are no plain data')
    },
    seeds: () => [
      message('job'),
      message('balance'),
      message('content', `b${'a'.repeat(58)}`),
      message('after', '60', 'later.php', 'a:1:{s:1:"a";d:1.5;}', 'name'),
      message('pay', 'bob', '12'),
      message('run', 'child.php', 'a:1:{i:0;N;}', '1'),
      message('run', 'child.php', 'a:0:{}', '3'),
      message('returned', 's:1:"x";'),
      message('failed', 'Uncaught Exception'),
      message('args'),
      message('outbox', 'http', 'POST', 'https://a.example/', 'answer.php', '{}', 'A', 'b'),
      message('outbox', 'mail', 'ada@a.example', 'Hello', '', 'text'),
    ],
  },
]
