/** Whom an address counts as: of IPv6 its first 64 bits, since one household has all that begin so. */
export function visitorOf(address: string | undefined): string {
  const text = (address ?? '').replace(/^::ffff:(?=[\d.]+$)/i, '')
  if (!text.includes(':')) return text
  const [head = [], tail = []] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail]
  return groups.slice(0, 4).join(':')
}

/** This machine itself: a browser on it, or a proxy through which all visitors come. */
export const isLoopback = (visitor: string): boolean => /^127\.|^0:0:0:0$/.test(visitor)
