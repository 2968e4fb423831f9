import { readFileSync } from 'node:fs'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import {
  blocksMessage,
  bundleMessage,
  genesisMessage,
  headerMessage,
  presentMessage,
  proposalMessage,
  transactionMessage,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
} from '../src/index.js'

const cddl = readFileSync(new URL('../src/chain.cddl', import.meta.url), 'utf8')
const messages = [
  genesisMessage,
  headerMessage,
  proposalMessage,
  voteMessage,
  bundleMessage,
  wantBlocksMessage,
  blocksMessage,
  wantCandidateMessage,
  transactionMessage,
  presentMessage,
]
test.each(messages.map((message) => [message.name, message] as const))('%s: the CDDL says what the code does', (_, message) => {
  expect(checkCddl(message as never, cddl)).toEqual([])
})
