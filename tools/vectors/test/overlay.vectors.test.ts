import { expect, test } from 'vitest'
import { linesOf, vectorsPath } from '../src/files.js'
import { handshakeVectors } from '../src/handshakes.js'
import { cellVectors, packetVectors, recordVectors } from '../src/overlay.js'

test.each([
  ['handshakes', handshakeVectors],
  ['packets', packetVectors],
  ['cells', cellVectors],
  ['records', recordVectors],
])('overlay: %s', async (name, make) => {
  await expect(`${linesOf(make())}\n`).toMatchFileSnapshot(vectorsPath('overlay', name))
})
