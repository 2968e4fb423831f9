import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'

/** Where in the store's folder. Beside it lmdb keeps `lock.mdb`. */
export const LMDB_FILE = 'data.mdb'

// The two pages at the start of the file, each the state after a commit (MDB_page and MDB_meta of LMDB 1.0).
const HEAD_BYTES = 160
const AT = { flags: 18, magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 }
const [IS_HEAD, MAGIC, VERSION] = [0x08, 0xbeefc0de, 2]

/**
 * Throws where `open` of the npm package lmdb would end the process: it does so for a file that is none of its own. A file that was cut
 * short is made as long again as it says it is: what is read from beyond the end would end the process too, and zeros are an error.
 */
export function assertLmdbFile(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    const fileBytes = fstatSync(fd).size
    if (fileBytes === 0) return // new
    const first = readHead(fd, 0)
    const second = readHead(fd, first.pageSize)
    const { lastPage, pageSize } = first.transaction > second.transaction ? first : second
    const neededBytes = (lastPage + 1) * pageSize
    if (!Number.isSafeInteger(neededBytes)) throw new Error('no lmdb file')
    if (fileBytes < neededBytes) ftruncateSync(fd, neededBytes)
  } finally {
    closeSync(fd)
  }
}

function readHead(fd: number, position: number): { readonly pageSize: number; readonly lastPage: number; readonly transaction: bigint } {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES))
  const isHead =
    readSync(fd, head, 0, HEAD_BYTES, position) === HEAD_BYTES &&
    (head.getUint16(AT.flags, true) & IS_HEAD) !== 0 &&
    head.getUint32(AT.magic, true) === MAGIC &&
    head.getUint16(AT.version, true) === VERSION
  const pageSize = head.getUint32(AT.pageSize, true)
  if (!isHead || pageSize < 512 || pageSize > 65_536) throw new Error('no lmdb file')
  return { pageSize, lastPage: Number(head.getBigUint64(AT.lastPage, true)), transaction: head.getBigUint64(AT.transaction, true) }
}
