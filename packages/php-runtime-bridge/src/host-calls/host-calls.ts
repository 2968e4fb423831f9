import type { EffectKind } from '../configuration/fields.js'
import type { ChildEnd, ChildTask } from './child-task.js'
import type { Effect, EffectList, OutboxRequest } from './effects.js'
import { decodeFields, encodeFields } from './fields.js'
import { HostCallError } from './host-call-error.js'
import { isPlainData } from './plain-data.js'

/** What the group knows about the job whose script runs. The same on every member. */
export interface JobFacts {
  /** The job's id: 1 to 255 printable ASCII characters. */
  readonly id: string
  /** The account that pays for the job, and from which `Interpeer\pay` pays: the same. */
  readonly account: string
  /** The step of the group's state on which the request runs: 0 to 2^31 - 1. */
  readonly step: number
}
/** Bytes of a piece of content; null where all members agree that the job has none of this id; or it has more than CONTENT_BYTES_MAX. */
export type FoundContent = Uint8Array | null | 'too-large'
/** Whoever knows better than the script: agreed facts, and what the runtime does for it. */
export interface HostContext {
  readonly effects: EffectList
  /** Why an effect of this kind is not carried out; undefined where it is. */
  refusalOf(kind: EffectKind): string | undefined
  readonly job: JobFacts | undefined
  /** Of the job's account, in smallest units, at the request's beginning: 0 to 2^64 - 1. */
  readonly balance: bigint | undefined
  /** Ends the run where this machine lacks what it is asked for. undefined: no content at all. */
  readonly content: ((cid: string) => FoundContent) | undefined
  /** The path of a file of the site, relative to it, that a script names; undefined where there is none. */
  scriptAt(path: string): string | undefined
  /** Another key at each call, the same on every machine. */
  nextKey(): string
  /** Runs a script of the site in slots of its own. Throws HostCallError where there are none, and ends the run where this machine could not. */
  runChild(script: string, args: Uint8Array, slots: number): ChildEnd
  /** Of a child job: what it is to do. */
  readonly task: ChildTask | undefined
  /** The library asks, once it is loaded, to be on no list of what the script included. */
  forgetLibrary(): void
  /** Has the script pay for bytes of its message that were looked at one by one. */
  chargeReading(bytes: number): void
  /** @returns undefined for what is not UTF-8 */
  decode(bytes: Uint8Array): string | undefined
  encode(text: string): Uint8Array
}

/** Longer messages are not looked at. */
export const MESSAGE_BYTES_MAX = 2 * 1024 * 1024
export const CONTENT_BYTES_MAX = 16 * 1024 * 1024
const ARGS_BYTES_MAX = 64 * 1024
const DATA_BYTES_MAX = 1024 * 1024
const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 64 * 1024
const FAILURE_BYTES_MAX = 4096
const SECONDS_MAX = 315_360_000
const UNITS_MAX = 2n ** 64n - 1n
const ACCOUNT = /^[0-9a-f]{64}$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const CONTROL = /\p{Cc}/u
const NO_BYTES = new Uint8Array(0)
const OK = Uint8Array.of(0x6f, 0x6b)
/** Each request asks for it once: its library was loaded. */
const DONE = encodeFields([OK])

/**
 * Answers one message of a script (`fields.ts` has the form): the call's name and its arguments. The answer begins with `ok` and has the results,
 * or it has a class and a message, to be thrown in the script. Whoever writes PHP can send any message, so nothing in it is trusted.
 */
export function answerHostCall(message: Uint8Array, host: HostContext): Uint8Array {
  try {
    const fields = message.length > MESSAGE_BYTES_MAX ? undefined : decodeFields(message)
    const call = new HostCall(fields ?? [], host)
    const results = call.answer()
    return results.length === 0 ? DONE : encodeFields([OK, ...results])
  } catch (error) {
    if (!(error instanceof HostCallError)) throw error
    return encodeFields([host.encode(error.thrown), host.encode(error.message), ...error.details])
  }
}

class HostCall {
  readonly #fields: readonly Uint8Array[]
  readonly #host: HostContext

  constructor(fields: readonly Uint8Array[], host: HostContext) {
    this.#fields = fields
    this.#host = host
  }

  answer(): readonly Uint8Array[] {
    const [name] = this.#fields
    const call = name && this.#host.decode(name)
    if (call === 'loaded') return this.#loaded()
    if (call === 'job') return this.#job()
    if (call === 'balance') return this.#texts(String(this.#balance()))
    if (call === 'content') return [this.#content()]
    if (call === 'after') return this.#after()
    if (call === 'pay') return this.#pay()
    if (call === 'outbox') return this.#outbox()
    if (call === 'run') return this.#run()
    const { task } = this.#host
    if (task && call === 'script') return this.#texts(task.script)
    if (task && call === 'args') return [task.args]
    if (task && call === 'returned') return this.#returned(task)
    if (task && call === 'failed') return this.#failed(task)
    throw invalid('this is no host call')
  }

  #loaded(): readonly Uint8Array[] {
    this.#host.forgetLibrary()
    return []
  }

  #job(): readonly Uint8Array[] {
    const { job } = this.#host
    if (!job) throw new HostCallError('Unsupported', 'Interpeer\\job(): this host runs the site outside any job')
    return this.#texts(job.id, job.account, String(job.step))
  }

  /** What the request has not yet given away. */
  #balance(): bigint {
    const { balance, effects } = this.#host
    if (balance === undefined) throw new HostCallError('Unsupported', 'this host knows no balance of an account')
    return balance - effects.paid
  }

  #content(): Uint8Array {
    const cid = this.#text(1)
    if (!/^b[a-z2-7]{58}$/.test(cid)) throw invalid('Interpeer\\content(): Argument #1 ($cid) must be a ContentId')
    if (!this.#host.content) throw new HostCallError('Unsupported', 'Interpeer\\content(): this host has no content for scripts')
    const found = this.#host.content(cid)
    if (found === null) throw invalid('Interpeer\\content(): Argument #1 ($cid) must name content that belongs to the job')
    if (found === 'too-large') throw invalid('Interpeer\\content(): the content is larger than 16 MiB')
    return found
  }

  #after(): readonly Uint8Array[] {
    const [seconds, script, args, name] = [this.#text(1), this.#script(this.#text(2)), this.#field(3), this.#text(4)]
    if (!/^[1-9][0-9]{0,8}$/.test(seconds) || Number(seconds) > SECONDS_MAX)
      throw invalid(`Interpeer\\after(): Argument #1 ($seconds) must be between 1 and ${SECONDS_MAX}`)
    if (args.length > ARGS_BYTES_MAX) throw invalid('Interpeer\\after(): Argument #3 ($args) must be at most 64 KiB when serialised')
    if (name !== '' && this.#field(4).length > 255) throw invalid('Interpeer\\after(): Argument #4 ($name) must be at most 255 bytes')
    if (name === '' && this.#field(2).length > 255)
      throw invalid('Interpeer\\after(): a timer of a script whose path is longer than 255 bytes needs a name')
    this.#checkCarriedOut('after')
    if (!this.#isPlain(args)) throw invalid(`Interpeer\\after(): Argument #3 ($args) ${PLAIN}`)
    return this.#add({ type: 'after', name: name === '' ? script : name, seconds: Number(seconds), script, args: args.slice() })
  }

  #pay(): readonly Uint8Array[] {
    const [account, text] = [this.#text(1), this.#text(2)]
    if (!ACCOUNT.test(account)) throw invalid('Interpeer\\pay(): Argument #1 ($account) must name an account: 64 hexadecimal digits')
    if (!/^[1-9][0-9]{0,19}$/.test(text) || BigInt(text) > UNITS_MAX)
      throw invalid('Interpeer\\pay(): Argument #2 ($amount) must be a whole number of units from 1 to 2^64 - 1')
    this.#checkCarriedOut('pay')
    const amount = BigInt(text)
    if (amount > this.#balance()) throw invalid('Interpeer\\pay(): Argument #2 ($amount) is more than the balance')
    return this.#add({ type: 'pay', account, amount })
  }

  #outbox(): readonly Uint8Array[] {
    const kind = this.#text(1)
    const [first, second, answerTo, body] = [this.#text(2), this.#text(3), this.#text(4), this.#field(5).slice()]
    if (body.length > BODY_BYTES_MAX) throw outboxFault('body', 'must be at most 1 MiB')
    const headers = this.#headers(6)
    const request: OutboxRequest =
      kind === 'http'
        ? { type: 'http', method: methodOf(first), url: urlOf(second), headers, body }
        : { type: 'mail', to: lineOf('to', first, 4096), subject: lineOf('subject', second, 998), headers, body }
    if (kind !== 'http' && kind !== 'mail') throw invalid('Interpeer\\outbox(): Argument #1 ($request) must be of HTTP or mail')
    const script = answerTo === '' ? undefined : this.#script(answerTo)
    this.#checkCarriedOut('outbox')
    const key = this.#host.nextKey()
    this.#add({ type: 'outbox', key, request, answerTo: script })
    return this.#texts(key)
  }

  #run(): readonly Uint8Array[] {
    const [script, args, slots] = [this.#script(this.#text(1)), this.#field(2).slice(), this.#text(3)]
    if (args.length > DATA_BYTES_MAX) throw invalid('Interpeer\\run(): Argument #2 ($args) must be at most 1 MiB when serialised')
    if (!/^[1-9][0-9]{0,3}$/.test(slots)) throw invalid('Interpeer\\run(): Argument #3 ($slots) must be at least 1')
    if (!this.#isPlain(args)) throw invalid(`Interpeer\\run(): Argument #2 ($args) ${PLAIN}`)
    const end = this.#host.runChild(script, args, Number(slots))
    if (end.type === 'returned') return [end.result, end.output]
    const details = [this.#host.encode(script), end.output]
    if (end.type === 'exhausted')
      throw new HostCallError(end.what, `${script} used up its ${end.what === 'SlotExhausted' ? 'work' : 'memory'}`, details)
    throw new HostCallError('ScriptFailed', `${script} failed: `, [...details, this.#host.encode(end.reason), end.message])
  }

  #returned(task: ChildTask): readonly Uint8Array[] {
    const result = this.#field(1).slice()
    if (result.length > DATA_BYTES_MAX) throw invalid('what a script in a slot of its own returns must be at most 1 MiB when serialised')
    if (!this.#isPlain(result)) throw invalid(`what a script in a slot of its own returns ${PLAIN}`)
    task.result = result
    return []
  }

  #failed(task: ChildTask): readonly Uint8Array[] {
    task.failure = this.#field(1).slice(0, FAILURE_BYTES_MAX)
    return []
  }

  #headers(from: number): [string, string][] {
    const rest = this.#fields.slice(from)
    const pairs: [string, string][] = []
    for (let i = 0; i < rest.length; i += 2) pairs.push([this.#text(from + i), this.#text(from + i + 1)])
    if (pairs.length > 100 || rest.reduce((total, { length }) => total + length, 0) > HEADER_BYTES_MAX)
      throw outboxFault('headers', 'must be at most 100, and 64 KiB')
    for (const [name, value] of pairs)
      if (!TOKEN.test(name) || CONTROL.test(value)) throw outboxFault('headers', 'must be names and values without control characters')
    return pairs
  }

  #script(path: string): string {
    const script = this.#host.scriptAt(path)
    if (script === undefined) throw invalid(`there is no script ${JSON.stringify(path)} in this site`)
    return script
  }

  #add(effect: Effect): readonly Uint8Array[] {
    this.#checkCarriedOut(effect.type)
    this.#host.effects.add(effect)
    return []
  }

  #checkCarriedOut(kind: EffectKind): void {
    const refusal = this.#host.refusalOf(kind)
    if (refusal !== undefined) throw new HostCallError('Unsupported', `Interpeer\\${kind}(): ${refusal}`)
  }

  #isPlain(bytes: Uint8Array): boolean {
    return isPlainData(bytes, (count) => this.#host.chargeReading(count))
  }

  #field(i: number): Uint8Array {
    return this.#fields[i] ?? NO_BYTES
  }

  #text(i: number): string {
    const text = this.#host.decode(this.#field(i))
    if (text === undefined) throw invalid('text given to Interpeer must be UTF-8')
    return text
  }

  #texts(...texts: readonly string[]): readonly Uint8Array[] {
    return texts.map((text) => this.#host.encode(text))
  }
}

export const PLAIN = 'must be null, booleans, numbers, strings and arrays of them, at most 64 deep, without objects and references'

function methodOf(text: string): string {
  if (!/^(GET|HEAD|POST|PUT|PATCH|DELETE)$/.test(text)) throw outboxFault('method', 'must be GET, HEAD, POST, PUT, PATCH or DELETE')
  return text
}

function urlOf(text: string): string {
  if (!/^https?:\/\/[\x21-\x7e]{1,8180}$/.test(text)) throw outboxFault('url', 'must be an http(s) URL in printable ASCII')
  return text
}

function lineOf(name: string, text: string, unitsMax: number): string {
  if (text.length > unitsMax || CONTROL.test(text) || (name === 'to' && text === ''))
    throw outboxFault(name, `must be one line of at most ${unitsMax} characters`)
  return text
}

function outboxFault(part: string, fault: string): HostCallError {
  return invalid(`Interpeer\\outbox(): Argument #1 ($request), "${part}" ${fault}`)
}

function invalid(message: string): HostCallError {
  return new HostCallError('ValueError', message)
}
