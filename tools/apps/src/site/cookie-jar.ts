/** The cookies of one visitor of one site: names and values only; what has expired is dropped. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  /** Takes over the Set-Cookie headers of an answer that came at a time, ms since 1970. */
  take(headers: readonly (readonly [name: string, value: string])[], timeMs: number): void {
    for (const [name, value] of headers) {
      if (name.toLowerCase() !== 'set-cookie') continue
      const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
      const mark = pair.indexOf('=')
      const expires = attributes.find((one) => /^expires=/i.test(one))?.slice('expires='.length)
      const isOver = (expires !== undefined && Date.parse(expires) <= timeMs) || attributes.some((one) => /^max-age=(0|-\d+)$/i.test(one))
      if (isOver) this.#cookies.delete(pair.slice(0, mark))
      else this.#cookies.set(pair.slice(0, mark), pair.slice(mark + 1))
    }
  }

  /** The Cookie header; undefined without cookies. */
  get header(): string | undefined {
    return this.#cookies.size === 0 ? undefined : [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  clear(): void {
    this.#cookies.clear()
  }
}
