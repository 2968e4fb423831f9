import { HostCallError } from './host-call-error.js'

/** Run `script` when `seconds` have passed since the request's time. */
export interface AfterEffect {
  readonly type: 'after'
  /** A timer of the same name takes the place of an earlier one of this job. 1 to 255 bytes of UTF-8; the script's path where none was given. */
  readonly name: string
  /** 1 to 315,360,000 (ten years). */
  readonly seconds: number
  /** Path of a file of the site, relative to it. */
  readonly script: string
  /** What the script is given, in the form of PHP's serialize(): null, booleans, numbers, strings and arrays of them. At most 64 KiB. */
  readonly args: Uint8Array
}
/** Pay from the job's account. */
export interface PayEffect {
  readonly type: 'pay'
  /** 64 hexadecimal digits; whether there is such an account, whoever carries it out must find. */
  readonly account: string
  /** Smallest units of a coin: 1 to 2^64 - 1. All payments of a request together are no more than the balance it was given. */
  readonly amount: bigint
}
/** Send one HTTP request or mail, once, by one member. */
export interface OutboxEffect {
  readonly type: 'outbox'
  /** 64 hexadecimal digits, one for each request ever sent: whoever carries it out gives it along, so that what was sent twice counts once. */
  readonly key: string
  readonly request: OutboxRequest
  /** Path of the site's script that gets the answer, relative to the site; undefined where nobody waits for one. */
  readonly answerTo: string | undefined
}
export interface HttpOutboxRequest {
  readonly type: 'http'
  /** One of GET, HEAD, POST, PUT, PATCH, DELETE. */
  readonly method: string
  /** Begins with https:// or http://; at most 8192 printable ASCII characters. */
  readonly url: string
  /** At most 100, at most 64 KiB; names are tokens, values have no control characters. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** At most 1 MiB. */
  readonly body: Uint8Array
}
export interface MailOutboxRequest {
  readonly type: 'mail'
  /** One or more addresses with commas between them, as the script wrote them: at most 4096 characters, no control characters. */
  readonly to: string
  /** At most 998 characters, no control characters. */
  readonly subject: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** At most 1 MiB. */
  readonly body: Uint8Array
}
export type OutboxRequest = HttpOutboxRequest | MailOutboxRequest

/**
 * What a request wants done outside its site: data that a group agrees on like the response, and that is carried out once it agreed. In the order
 * of the calls.
 */
export type Effect = AfterEffect | PayEffect | OutboxEffect

export interface EffectLimits {
  readonly effectsMax: number
  /** Bytes of arguments, bodies and headers in all. */
  readonly bytesMax: number
}
export const effectLimits: EffectLimits = { effectsMax: 100, bytesMax: 4 * 1024 * 1024 }

/** The effects of one request as they come. A child job's are taken back when it fails. */
export class EffectList {
  readonly #limits: EffectLimits
  #effects: Effect[] = []
  #bytes = 0

  constructor(limits: EffectLimits = effectLimits) {
    this.#limits = limits
  }

  get all(): readonly Effect[] {
    return this.#effects
  }

  /** For `takeBack`. */
  get length(): number {
    return this.#effects.length
  }

  get paid(): bigint {
    return this.#effects.reduce((total, effect) => (effect.type === 'pay' ? total + effect.amount : total), 0n)
  }

  /** @throws {HostCallError} OverflowException */
  add(effect: Effect): void {
    const bytes = this.#bytes + sizeOf(effect)
    const { effectsMax, bytesMax } = this.#limits
    if (this.#effects.length === effectsMax || bytes > bytesMax)
      throw new HostCallError('OverflowException', `a request may have ${effectsMax} effects of ${bytesMax} bytes in all`)
    this.#effects.push(effect)
    this.#bytes = bytes
  }

  /** Forgets all but the first `length`. */
  takeBack(length: number): void {
    this.#effects = this.#effects.slice(0, length)
    this.#bytes = this.#effects.reduce((total, effect) => total + sizeOf(effect), 0)
  }
}

function sizeOf(effect: Effect): number {
  if (effect.type === 'pay') return 0
  if (effect.type === 'after') return effect.args.length
  const { request } = effect
  const units = request.headers.reduce((total, [name, value]) => total + name.length + value.length, 0)
  return units + request.body.length
}
