import { contentIdOfBytes, jobIdOf, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { type GroupContext, ownPart, verifyOwnFault } from '../src/index.js'
import vectors from '../vectors/own-work.json' with { type: 'json' }

const cidOf = (hex: string) => contentIdOfBytes(bytesOfHex(hex))
const context: GroupContext = {
  network: parseNetworkId(cidOf(vectors.network)),
  job: jobIdOf(cidOf(vectors.job)),
  epoch: vectors.epoch,
  members: vectors.members.map((key) => peerIdOfKey(bytesOfHex(key))),
}

test.each(vectors.parts)('the own part of $name', ({ own, network, job, epoch, step, batch, from, transcript }) => {
  const place = {
    network: parseNetworkId(cidOf(network)),
    job: jobIdOf(cidOf(job)),
    epoch,
    step,
    batch: bytesOfHex(batch),
    key: bytesOfHex(from),
  }
  expect(hexOf(ownPart(bytesOfHex(transcript), place))).toBe(own)
})
test('no two own parts are alike', () => {
  expect(new Set(vectors.parts.map(({ own }) => own)).size).toBe(vectors.parts.length)
})
test.each(vectors.cases)('$name: $expect', ({ evidence, expect: kind, verdict, run }) => {
  const { root, responses, effects, own, ...numbers } = run?.answer ?? {
    root: '',
    responses: '',
    effects: '',
    own: '',
    fuel: 0,
    final: 0,
    disputed: 0,
  }
  const parts = { root: bytesOfHex(root), responses: bytesOfHex(responses), effects: bytesOfHex(effects), own: bytesOfHex(own), ...numbers }
  const given = run === undefined ? undefined : { answer: parts, transcript: bytesOfHex(run.transcript) }
  const found = verifyOwnFault(evidence.map(bytesOfHex), context, given)
  if (kind === 'ok') expect(found).toBeUndefined()
  else expect(found).toMatchObject({ kind, verdict, peer: context.members[0] })
})
