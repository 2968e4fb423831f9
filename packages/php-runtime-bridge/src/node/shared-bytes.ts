import type { FileChange } from '../files.js'

/** Copies of what changes hold that all threads can read, each piece by itself: of what one request wrote, some goes soon and some stays for years, and must not keep the rest. */
export function shareChanges(changes: readonly FileChange[]): FileChange[] {
  return changes.map((change) => {
    if (change.type === 'write') return { ...change, bytes: shareBytes(change.bytes) }
    if (change.type !== 'patch') return change
    return { ...change, parts: change.parts.map(({ at, bytes }) => ({ at, bytes: shareBytes(bytes) })) }
  })
}

/** A copy of bytes that all threads can read. */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
