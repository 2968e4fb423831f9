import { expect } from 'vitest'
import { type Block, type BuiltTree, type FileChange, type FileEntry, type GetBlock, type Missing, memoryBlockStore } from '../src/index.js'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const fileAt = (path: string, content: string | Uint8Array = path, mode = 0o644, mtimeS = 1): FileEntry => ({
  path,
  mode,
  mtimeS,
  bytes: typeof content === 'string' ? bytesOf(content) : content,
})
export const writeAt = (...args: Parameters<typeof fileAt>): FileChange => ({ type: 'write', ...fileAt(...args) })

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** The same, beginning as a database does where there is room. */
export function database(length: number, seed = 1): Uint8Array {
  const bytes = noise(length, seed)
  if (length >= 16) bytes.set(bytesOf('SQLite format 3\0'))
  return bytes
}

/** The result of a walk that had every block. */
export function whole<T extends object>(result: T | Missing): T {
  if ('missing' in result) throw new Error(`missing ${result.missing.length} blocks`)
  return result
}

/** A store that holds these trees' blocks. */
export async function holding(...trees: readonly { readonly blocks: readonly Block[] }[]) {
  const store = memoryBlockStore()
  for (const { blocks } of trees) await store.put(blocks)
  return store
}
export const getFrom = ({ blocks }: BuiltTree): GetBlock => {
  const byCid = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  return (cid) => byCid.get(cid)
}
export const coded = (code: string) => expect.objectContaining({ code })
