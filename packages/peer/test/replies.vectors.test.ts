import { contentIdOfBytes, jobIdOf, openMessage, type PeerId, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { createVerification, proofOfResponse, provesResponse, responsesDigest, responseTree, siteReply } from '@interpeer/peer-group'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { provenPlace, provesWrite } from '../src/node/reply-proof.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import type { SiteView } from '../src/site-view.js'
import vectors from '../vectors/replies.json' with { type: 'json' }

const cidOf = (hex: string) => contentIdOfBytes(bytesOfHex(hex))
const peersOf = (keys: readonly string[]): PeerId[] => keys.map((key) => peerIdOfKey(bytesOfHex(key)))
const network = parseNetworkId(cidOf(vectors.network))
const verification = createVerification(network)

function viewOf(changes: Partial<typeof vectors.view> = {}): SiteView {
  const { epoch, members, previousMembers, nextMembers, start, openedByClosing } = { ...vectors.view, ...changes }
  const given: Partial<SiteView> = {
    job: jobIdOf(cidOf(vectors.job)),
    epoch,
    members: peersOf(members),
    previousMembers: peersOf(previousMembers),
    openedByClosing,
    previousEpoch: vectors.view.epoch - 1,
    start: cidOf(start),
    next: { members: peersOf(nextMembers), chainSeed: new Uint8Array(32), atMs: 0, jurors: 0, mayPay: 0n },
    judges: [],
  }
  return given as SiteView // of the rest a proof asks nothing
}

describe('replies.json', () => {
  test.each(vectors.cases)('$name: $expect', ({ reply: hex, expect: code, ...given }) => {
    const reply = openMessage(siteReply, bytesOfHex(hex), network, ({ from }) => peerIdOfKey(from))
    expect(hexOf(reply.request)).toBe(vectors.request)
    const place = provenPlace(reply, viewOf(given.view), network, verification)
    const isProven = place !== undefined && (reply.ran === 'read' || provesWrite(reply, place))
    expect(isProven ? 'ok' : 'unproven').toBe(code)
    if (isProven) expect({ epoch: place.epoch, step: place.step }).toEqual(given.place)
  })
  test.each(vectors.blocks)('the block of $name', ({ request, status, headers, body, cid }) => {
    expect(blocksOfResponse({ request: bytesOfHex(request), status, headers, body: bytesOfHex(body) }).cid).toBe(cidOf(cid))
  })
  test.each(vectors.digests)('the digest of responses: $digest', ({ responses, digest, paths }) => {
    const cids = responses.map(cidOf)
    expect(hexOf(responsesDigest(cids))).toBe(digest)
    const tree = responseTree(cids)
    expect(cids.map((_, i) => proofOfResponse(tree, i).path.map(hexOf))).toEqual(paths)
    for (const [i, cid] of cids.entries()) expect(provesResponse(bytesOfHex(digest), cid, proofOfResponse(tree, i))).toBe(true)
  })
})
