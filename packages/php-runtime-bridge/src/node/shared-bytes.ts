import type { FileChange, FileEntry } from '../files.js'

/** Copies of files' bytes in one piece of memory that all threads share: a worker, and its successor, read them where they are. */
export function shareFiles<T extends FileEntry | FileChange>(files: readonly T[]): T[] {
  const sizeOf = (file: T) => ('bytes' in file ? file.bytes.length : 0)
  const arena = new SharedArrayBuffer(files.reduce((total, file) => total + sizeOf(file), 0))
  let at = 0
  return files.map((file) => {
    if (!('bytes' in file)) return file
    const bytes = new Uint8Array(arena, at, file.bytes.length)
    bytes.set(file.bytes)
    at += bytes.length
    return { ...file, bytes }
  })
}

/** A copy of bytes that all threads can read. */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
