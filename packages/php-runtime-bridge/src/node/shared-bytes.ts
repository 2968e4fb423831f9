import type { FileChange, FileEntry } from '../files.js'

/** Copies of files' bytes in one piece of memory that all threads share: a worker, and its successor, read them where they are. */
export function shareFiles(files: readonly FileEntry[]): FileEntry[] {
  const arena = new SharedArrayBuffer(files.reduce((total, { bytes }) => total + bytes.length, 0))
  let at = 0
  return files.map((file) => {
    const bytes = new Uint8Array(arena, at, file.bytes.length)
    bytes.set(file.bytes)
    at += bytes.length
    return { ...file, bytes }
  })
}

/** The same of changes, each piece by itself: of what one request wrote, some goes soon and some stays for years, and must not keep the rest. */
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
