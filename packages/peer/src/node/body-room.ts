/** How many bytes may be held at a time: for one visitor, for one site, and in all. */
interface BodyShares {
  readonly visitorBytes: number
  readonly siteBytes: number
  readonly allBytes: number
}
interface BodyOf {
  /** Whoever sent it: an address, or a PeerId. */
  readonly visitor: string
  readonly site: string
}

/** Counts the bytes of bodies that are held, so that nobody's uploads take all memory, or the room of everyone else's. */
export class BodyRoom {
  readonly #shares: BodyShares
  readonly #visitors = new Map<string, number>()
  readonly #sites = new Map<string, number>()
  #bytes = 0

  constructor(shares: BodyShares) {
    this.#shares = shares
  }

  /** Whether there is room for so many more. Taken then: until `give` gives them back. */
  take({ visitor, site }: BodyOf, bytes: number): boolean {
    const { visitorBytes, siteBytes, allBytes } = this.#shares
    const [ofVisitor, ofSite] = [(this.#visitors.get(visitor) ?? 0) + bytes, (this.#sites.get(site) ?? 0) + bytes]
    if (ofVisitor > visitorBytes || ofSite > siteBytes || this.#bytes + bytes > allBytes) return false
    this.#visitors.set(visitor, ofVisitor)
    this.#sites.set(site, ofSite)
    this.#bytes += bytes
    return true
  }

  give({ visitor, site }: BodyOf, bytes: number): void {
    less(this.#visitors, visitor, bytes)
    less(this.#sites, site, bytes)
    this.#bytes -= bytes
  }
}

function less(held: Map<string, number>, key: string, bytes: number): void {
  const left = (held.get(key) ?? 0) - bytes
  if (left > 0) held.set(key, left)
  else held.delete(key)
}
