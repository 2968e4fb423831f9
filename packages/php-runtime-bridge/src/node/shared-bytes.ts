import type { FileChange, FileEntry } from '../files.js'

/** Copies of files' bytes in one piece of memory that all threads share: a worker, and its successor, read them where they are. */
export function shareFiles<T extends FileEntry | FileChange>(files: readonly T[]): T[] {
  const arena = new SharedArrayBuffer(files.reduce((total, file) => total + sizeOf(file), 0))
  let at = 0
  const shared = (given: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(arena, at, given.length)
    bytes.set(given)
    at += bytes.length
    return bytes
  }
  return files.map((file) => {
    if ('bytes' in file) return { ...file, bytes: shared(file.bytes) }
    if ('parts' in file) return { ...file, parts: file.parts.map((part) => ({ ...part, bytes: shared(part.bytes) })) }
    return file
  })
}

function sizeOf(file: FileEntry | FileChange): number {
  if ('bytes' in file) return file.bytes.length
  return 'parts' in file ? file.parts.reduce((total, { bytes }) => total + bytes.length, 0) : 0
}

/** A copy of bytes that all threads can read. */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
