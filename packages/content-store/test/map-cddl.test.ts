import { readFileSync } from 'node:fs'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { mapBlock } from '../src/map/map-block.js'
import { mapProof } from '../src/map/map-proof.js'

const contract = readFileSync(new URL('../src/map/map.cddl', import.meta.url), 'utf8')

test.each([
  ['map-block', mapBlock],
  ['map-proof', mapProof],
])('map.cddl says what the code of %s does', (name, { cddl }) => {
  expect(checkCddl({ name: name as never, cddl: () => `${name} = ${cddl}` }, contract)).toEqual([])
})
