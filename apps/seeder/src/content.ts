import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type BlockStore, ContentStoreError } from '@interpeer/content-store'
import { exportCar, importCar } from '@interpeer/content-store/car'
import { openDiskStore } from '@interpeer/content-store/node'
import { parseContentId } from '@interpeer/crypto-ids'
import { lockFolder } from '@interpeer/peer/node'
import { print } from './print.js'

export interface ContentOptions {
  readonly data: string
  readonly json?: boolean
}

/** Writes everything under a root that a stopped peer holds to a file that is not there yet, as a CARv1 archive. */
export async function exportContent(root: string, file: string, options: ContentOptions): Promise<void> {
  const cid = parseContentId(root)
  const store = join(options.data, 'store')
  if (!existsSync(store)) throw new ContentStoreError({ code: 'STORE_UNAVAILABLE', folder: store }) // a slip in --data makes no folder
  await withBlocks(options, async (blocks) => {
    const output = createWriteStream(file, { flags: 'wx', mode: 0o600 }) // what visitors sent may be in it
    await new Promise((resolve, reject) => output.once('open', resolve).once('error', reject))
    try {
      await pipeline(exportCar(blocks.get, cid), output)
    } catch (error) {
      rmSync(file) // half an archive is none
      throw error
    }
    print({ root, bytes: output.bytesWritten }, `${output.bytesWritten} bytes`, options)
  })
}

/** Stores the blocks of a CARv1 archive in a stopped peer's folder, each of them checked, and says what roots it has. */
export async function importContent(file: string, options: ContentOptions): Promise<void> {
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  await withBlocks(options, async (blocks) => {
    const imported = await importCar(createReadStream(file), blocks)
    print(imported, imported.roots, options)
  })
}

async function withBlocks(options: ContentOptions, work: (blocks: BlockStore) => Promise<void>): Promise<void> {
  const unlock = lockFolder(options.data)
  try {
    const store = openDiskStore(join(options.data, 'store'))
    await work(store.blocks).finally(() => store.close())
  } finally {
    unlock()
  }
}
