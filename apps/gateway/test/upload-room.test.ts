import { expect, test } from 'vitest'
import { UploadRoom } from '../src/upload-room.js'

const MIB = 1024 * 1024
const post = (bytes?: number) =>
  new Request('http://a.localhost/', {
    ...{ method: 'POST', body: 'x' },
    headers: bytes === undefined ? {} : { 'content-length': `${bytes}` },
  })

test('long bodies of a few addresses take the room of long bodies, not that of forms; what is given back is there again', () => {
  const room = new UploadRoom()
  const taken = Array.from({ length: 16 }, (_, i) =>
    room.take(post(i % 2 === 0 ? 16 * MIB : undefined), `address ${i >> 2}`, `site ${i >> 3}`),
  )
  expect(taken.every((give) => give !== undefined)).toBe(true)
  expect(room.take(post(2 * MIB), 'another', 'other')).toBeUndefined()
  expect(room.take(new Request('http://a.localhost/'), 'another', 'site 0')).toBeDefined()
  expect(room.take(post(1_000), 'another', 'site 0')).toBeDefined()
  taken[0]?.()
  expect(room.take(post(2 * MIB), 'another', 'other')).toBeDefined()
})

test('nobody takes more than a share of what forms have either', () => {
  const room = new UploadRoom()
  for (let i = 0; i < 64; i++) expect(room.take(post(MIB), 'one', 'site')).toBeDefined()
  expect(room.take(post(MIB), 'one', 'site')).toBeUndefined()
  expect(room.take(post(MIB), 'another', 'site')).toBeDefined()
})
