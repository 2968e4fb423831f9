import { contentIdOf, contentIdOfBytes, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { readReply } from '../src/exchange/read-reply.js'
import { AuditProver, auditBlocks, auditDigests, blocksReply, contentBusy, judgeAudit, openAudit, wantBlocks } from '../src/index.js'
import audits from '../vectors/audits.json' with { type: 'json' }
import messages from '../vectors/exchange-messages.json' with { type: 'json' }
import replies from '../vectors/exchange-replies.json' with { type: 'json' }
import { auditVectors, messageVectors, replyVectors } from './exchange-cases.js'
import { coded } from './trees.js'

test.each([
  ['exchange-messages', messageVectors],
  ['exchange-replies', replyVectors],
  ['audits', auditVectors],
])('vectors/%s.json holds what the CDDL says', async (name, vectors) => {
  await expect(`${JSON.stringify(vectors(), null, 2)}\n`).toMatchFileSnapshot(`../vectors/${name}.json`)
})

const readers = new Map(
  [wantBlocks, blocksReply, contentBusy, auditBlocks, auditDigests].map((message) => [message.name as string, message]),
)

test.each(messages)('$message: $name: $expect', ({ message: name, expect: code, bytes }) => {
  const message = readers.get(name) as typeof wantBlocks
  const read = (): Uint8Array => {
    const value = message.decode(bytesOfHex(bytes))
    if ('cids' in value) for (const cid of value.cids) contentIdOfBytes(cid)
    return message.encode(value)
  }
  if (code === 'ok') expect(hexOf(read())).toBe(bytes)
  else expect(read).toThrow(coded(code))
})

test.each(replies)('a reply: $name: $expect', ({ asked, reply, expect: code }) => {
  const read = readReply(
    asked.map((cid) => contentIdOfBytes(bytesOfHex(cid))),
    bytesOfHex(reply),
  )
  expect(read.type === 'busy' ? 'busy' : (read.lie ?? 'ok')).toBe(code)
})

test.each(audits)('an audit: $name', ({ nonce, prover, blocks, request, reply }) => {
  const held = blocks.map((block) => bytesOfHex(block.bytes)).map((bytes) => ({ cid: contentIdOf(bytes, 'raw'), bytes }))
  const audit = openAudit(peerIdOfKey(bytesOfHex(prover)), held, bytesOfHex(nonce))
  expect(hexOf(audit.request)).toBe(request)
  expect(judgeAudit(audit, bytesOfHex(reply), 1).map(({ outcome }) => outcome)).toEqual(blocks.map((block) => block.expect))
  // and the code answers as the first vector says
  const get = (cid: string) => held.find((block) => block.cid === cid)?.bytes
  const { reply: answer } = new AuditProver(audit.prover).answer(audit.prover, audit.request, get, 0)
  expect(hexOf(answer)).toBe(audits[0]?.reply)
})
