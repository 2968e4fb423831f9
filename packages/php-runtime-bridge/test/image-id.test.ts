import { expect, test } from 'vitest'
import { configurationOf } from '../src/configuration/site-configuration.js'
import { treeOf } from '../src/file-tree.js'
import { imageIdOf } from '../src/node/image-library.js'

const MIB = 1024 * 1024
const configuration = configurationOf({ mutable: [], warmUp: ['/'] })
const siteOf = (bytes: Uint8Array) => treeOf([{ path: 'film.mp4', mode: 0o644, mtimeS: 1, bytes }])

test('others work while the id of a large site is made, which its content decides', async () => {
  const [one, other] = [new Uint8Array(40 * MIB), new Uint8Array(40 * MIB).fill(1, 40 * MIB - 1)]
  let [turns, isDone] = [0, false]
  const turn = () => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  const id = await imageIdOf('runtime', 'build', { initial: siteOf(one), configuration })
  isDone = true
  expect(turns).toBeGreaterThanOrEqual(9)
  expect(await imageIdOf('runtime', 'build', { initial: siteOf(one.slice()), configuration })).toBe(id)
  expect(await imageIdOf('runtime', 'build', { initial: siteOf(other), configuration })).not.toBe(id)
})
