import { equalBytes, hmacSha256 } from '@interpeer/crypto-ids'
import type { Address } from './core-events.js'
import { COOKIE_BYTES } from './packets.js'

const SECRET_LIFE_MS = 60_000

/** Proofs of address that need no memory per address: HMAC of the address under a secret that changes every minute. */
export class Cookies {
  readonly #random: (length: number) => Uint8Array
  #secrets: readonly Uint8Array[] = [] // the newest first; the one before it still counts
  #changesAtMs = Number.NEGATIVE_INFINITY

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random
  }

  cookieFor(address: Address, nowMs: number): Uint8Array {
    this.#renew(nowMs)
    return cookieOf(this.#secrets[0] as Uint8Array, address)
  }

  isValid(cookie: Uint8Array, address: Address, nowMs: number): boolean {
    this.#renew(nowMs)
    return this.#secrets.some((secret) => equalBytes(cookieOf(secret, address), cookie))
  }

  #renew(nowMs: number): void {
    if (nowMs < this.#changesAtMs) return
    this.#changesAtMs = nowMs + SECRET_LIFE_MS
    this.#secrets = [this.#random(32), ...this.#secrets.slice(0, 1)]
  }
}

function cookieOf(secret: Uint8Array, { host, port }: Address): Uint8Array {
  const text = Uint8Array.from(`${host} ${port}`, (character) => character.charCodeAt(0))
  return hmacSha256(secret, text).subarray(0, COOKIE_BYTES)
}
