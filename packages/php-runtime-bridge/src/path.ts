/** Longest path that a system call takes, in UTF-16 code units. */
export const PATH_UNITS_MAX = 4096
export const SITE_PATH_BYTES_MAX = 1024
const SITE_PATH_DEPTH_MAX = 32
export const NAME_BYTES_MAX = 255

/** The names between the slashes, with '.' and '..' resolved. '/' has none. */
export function partsOf(path: string): string[] {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A path that a bundle can carry: relative, content-store's rules. What a script makes must be one, or its site could not be stored. */
export function isSitePath(path: string): boolean {
  if (path.length > SITE_PATH_BYTES_MAX || utf8Length(path) > SITE_PATH_BYTES_MAX) return false
  const names = path.split('/')
  return names.length <= SITE_PATH_DEPTH_MAX && names.every(isSiteName)
}

/** One name of such a path. */
export function isSiteName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && utf8Length(name) <= NAME_BYTES_MAX && !/[\p{Surrogate}/\\\0]/u.test(name)
}

/** Orders text by UTF-16 code unit; never by locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Mixes an inode number out of the parent's and the name: stable across machines, 53 bits, never 0. */
export function inodeOf(parent: number, name: string): number {
  let low = (parent >>> 0) ^ 0x811c9dc5
  let high = Math.floor(parent / 0x1_0000_0000) ^ 0x1234567
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
  }
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0) + 1
}

export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3
  }
  return bytes
}
