import { readFileSync } from 'node:fs'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { auditBlocks, auditDigests, blocksReply, contentBusy, contentClaim, wantBlocks } from '../src/index.js'
import { treeBlock } from '../src/tree-blocks.js'

const contract = (name: string): string => readFileSync(new URL(`../src/${name}.cddl`, import.meta.url), 'utf8')

test.each([wantBlocks, blocksReply, contentBusy])('exchange.cddl says what the code of $name does', (message) => {
  expect(checkCddl(message, contract('exchange/exchange'))).toEqual([])
})
test.each([auditBlocks, auditDigests])('audits.cddl says what the code of $name does', (message) => {
  expect(checkCddl(message, contract('audits/audits'))).toEqual([])
})
test('references/references.cddl says what the code does', () => {
  expect(checkCddl(contentClaim, contract('references/references'))).toEqual([])
})
test('tree.cddl says what the code does', () => {
  const rule = { name: 'tree-block' as never, cddl: () => `tree-block = ${treeBlock.cddl}` }
  expect(checkCddl(rule, contract('tree'))).toEqual([])
})
