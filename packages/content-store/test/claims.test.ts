import { createSigner, jobIdOf, networkIdOf } from '@interpeer/crypto-ids'
import { compareBytes } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  blockOf,
  CLAIM_MAX_MS,
  CLAIMS_PER_JOB_MAX,
  type ClaimBook,
  type ClaimRules,
  ContentStoreError,
  claimedRoots,
  emptyClaimBook,
  forgetClaims,
  jobsReferringTo,
  memoryStore,
  openClaimBook,
  signClaim,
  takeClaim,
} from '../src/index.js'
import { bytesOf, coded } from './trees.js'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const network = networkIdOf(bytesOf('a network'))
const [uploader, member, stranger] = [1, 2, 3].map((n) => createSigner(new Uint8Array(32).fill(n))) as [Signer, Signer, Signer]
type Signer = ReturnType<typeof createSigner>
const [page, shop] = ['page', 'shop'].map((name) => jobIdOf(blockOf(bytesOf(name), 'dag-cbor').cid)) as [Job, Job]
type Job = ReturnType<typeof jobIdOf>
const [one, two] = ['one', 'two'].map((name) => blockOf(bytesOf(name), 'raw').cid) as [Cid, Cid]
type Cid = ReturnType<typeof blockOf>['cid']
const rules: ClaimRules = { network, nowMs: NOW, mayClaim: (_job, from) => from !== stranger.peerId }

const claimOf = (signer: Signer, roots: Cid[], issuedMs = NOW, untilMs = issuedMs + HOUR, job = page) =>
  signClaim({ job, roots, issuedMs, untilMs }, signer, network)
const take = (book: ClaimBook, ...envelopes: Uint8Array[]): ClaimBook =>
  envelopes.reduce((all, envelope) => takeClaim(all, envelope, rules).book, book)

describe('claims', () => {
  test('a root is referred to until the claim expires', () => {
    const book = take(emptyClaimBook, claimOf(uploader, [one]), claimOf(member, [one, two], NOW, NOW + 2 * HOUR, shop))
    expect([...claimedRoots(book, NOW)].sort()).toEqual([one, two].sort())
    expect([...jobsReferringTo(book, one, NOW)].sort()).toEqual([page, shop].sort())
    expect([...jobsReferringTo(book, one, NOW + HOUR)]).toEqual([shop])
    expect(claimedRoots(book, NOW + 2 * HOUR).size).toBe(0)
  })

  test('the newest claim of a signer counts, in whatever order they come, and ends what it does not name', () => {
    const claims = [claimOf(uploader, [one], NOW - 3), claimOf(uploader, [one, two], NOW - 2), claimOf(uploader, [two], NOW - 1)]
    for (const order of [claims, claims.toReversed(), [claims[2], claims[0], claims[1]] as Uint8Array[]]) {
      expect([...claimedRoots(take(emptyClaimBook, ...order), NOW)]).toEqual([two])
    }
  })

  test('an un-claim ends only what its own signer claimed, and an old claim sent again revives nothing', () => {
    const [old, end] = [claimOf(uploader, [one], NOW - 10), claimOf(uploader, [], NOW - 5)]
    const book = take(emptyClaimBook, old, claimOf(member, [two]), end)
    expect([...claimedRoots(book, NOW)]).toEqual([two])
    expect(takeClaim(book, old, rules)).toEqual({ book, records: [], dropped: [] })
    const later = forgetClaims(book, NOW + HOUR).book
    expect([...claimedRoots(take(later, old), NOW)]).toEqual([two])
  })

  test('two claims issued at one time: the same one wins in both orders', () => {
    const [a, b] = [claimOf(uploader, [one]), claimOf(uploader, [two])]
    expect(claimedRoots(take(emptyClaimBook, a, b), NOW)).toEqual(claimedRoots(take(emptyClaimBook, b, a), NOW))
  })

  test('a forged claim or un-claim changes nothing', () => {
    const book = take(emptyClaimBook, claimOf(uploader, [one]))
    const forged = claimOf(uploader, [], NOW + 1)
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
    expect(() => takeClaim(book, forged, rules)).toThrow(coded('SIGNATURE_WRONG'))
    expect(() => takeClaim(book, claimOf(stranger, []), rules)).toThrow(coded('CLAIM_NOT_ALLOWED'))
    const elsewhere = signClaim({ job: page, roots: [], issuedMs: NOW + 1, untilMs: NOW + 1 }, uploader, networkIdOf(bytesOf('another')))
    expect(() => takeClaim(book, elsewhere, rules)).toThrow(coded('SIGNATURE_WRONG'))
    expect([...claimedRoots(book, NOW)]).toEqual([one])
  })

  test('whatever byte of an un-claim somebody alters, it changes nothing', () => {
    const book = take(emptyClaimBook, claimOf(uploader, [one]))
    const end = claimOf(uploader, [], NOW + 1)
    for (const at of end.keys()) {
      for (const bit of [1, 0x80]) {
        const altered = end.with(at, (end[at] as number) ^ bit)
        expect(() => takeClaim(book, altered, rules), `byte ${at}`).toThrow()
      }
    }
    expect([...claimedRoots(book, NOW)]).toEqual([one])
    expect([...claimedRoots(take(book, end), NOW)]).toEqual([])
  })

  test('in whatever order claims come, with forged and ended ones and repeats among them, the newest that holds of each signer counts', () => {
    const signers = [uploader, member, stranger]
    const anyClaim = fc.record({ by: fc.nat(2), roots: fc.subarray([one, two]), ageMs: fc.nat(5), forMs: fc.nat(8), forged: fc.boolean() })
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 12 }), fc.array(fc.nat(11)), (claims, order) => {
        const sent = claims.map(({ by, roots, ageMs, forMs, forged }) => {
          const [signer, issuedMs] = [signers[by] as Signer, NOW - ageMs]
          const envelope = claimOf(signer, roots, issuedMs, issuedMs + forMs)
          const bytes = forged ? envelope.with(-1, (envelope.at(-1) as number) ^ 1) : envelope
          return { bytes, signer, issuedMs, roots, untilMs: issuedMs + forMs, holds: !forged && signer !== stranger }
        })
        let book = emptyClaimBook
        for (const at of [...sent.keys(), ...order]) {
          const one = sent[at]
          if (one === undefined) continue
          if (one.holds) book = takeClaim(book, one.bytes, rules).book
          else expect(() => takeClaim(book, one.bytes, rules)).toThrow()
        }
        const newest = [uploader, member].flatMap((signer) => {
          const all = sent.filter((one) => one.holds && one.signer === signer)
          const lastMs = Math.max(...all.map(({ issuedMs }) => issuedMs))
          const last = all.filter(({ issuedMs }) => issuedMs === lastMs)
          return last.toSorted((a, b) => compareBytes(a.bytes, b.bytes)).slice(-1)
        })
        const live = newest.flatMap(({ roots, untilMs }) => (untilMs > NOW ? roots : []))
        expect([...claimedRoots(book, NOW)].sort()).toEqual([...new Set(live)].sort())
      }),
      { numRuns: 60 },
    )
  })

  test('a claim from the future, or for too long, is refused; a clock that goes back forgets nothing', async () => {
    expect(() => takeClaim(emptyClaimBook, claimOf(uploader, [one], NOW + 61_000), rules)).toThrow(coded('CLAIM_TIME'))
    expect(() => takeClaim(emptyClaimBook, claimOf(uploader, [one], NOW, NOW + CLAIM_MAX_MS + 1), rules)).toThrow(coded('CLAIM_TIME'))
    const space = memoryStore().records('claims')
    await space.put(takeClaim(emptyClaimBook, claimOf(uploader, [one]), rules).records)
    const { book, refused } = openClaimBook(space, network)
    expect(refused).toBe(0)
    expect([...claimedRoots(book, NOW - 90 * 24 * HOUR)]).toEqual([one])
  })

  test('records bring the book back; one that was spoiled or lies under another key is left out', async () => {
    const space = memoryStore().records('claims')
    const taken = takeClaim(emptyClaimBook, claimOf(uploader, [one]), rules)
    await space.put(taken.records)
    await space.put([
      [`${page}/${member.peerId}`, claimOf(uploader, [two])],
      [`${shop}/${member.peerId}`, bytesOf('?')],
    ])
    expect(openClaimBook(space, network)).toEqual({ book: taken.book, refused: 2 })
  })

  test('a job has room for a bounded number of signers; who has a claim can always change it', () => {
    const signers = Array.from({ length: CLAIMS_PER_JOB_MAX }, (_, i) => createSigner(new Uint8Array(32).fill(100 + i)))
    const book = take(emptyClaimBook, ...signers.map((signer) => claimOf(signer, [one])))
    expect(() => takeClaim(book, claimOf(member, [two]), rules)).toThrow(coded('CLAIMS_FULL'))
    expect(take(book, claimOf(signers[0] as Signer, [two], NOW + 1)).claims.size).toBe(CLAIMS_PER_JOB_MAX)
    expect(take(book, claimOf(member, [two], NOW, NOW + HOUR, shop)).claims.size).toBe(CLAIMS_PER_JOB_MAX + 1)
  })

  test('where a job is full, an ended claim makes room for a new signer, the one issued first; a live one never does', () => {
    const signers = Array.from({ length: CLAIMS_PER_JOB_MAX }, (_, i) => createSigner(new Uint8Array(32).fill(100 + i)))
    const [first, second] = signers as [Signer, Signer]
    const live = signers.slice(2).map((signer) => claimOf(signer, [one]))
    const ended = [claimOf(second, [two], NOW - 2 * HOUR), claimOf(first, [two], NOW - 3 * HOUR)]
    const book = take(emptyClaimBook, ...live, ...ended)
    const taken = takeClaim(book, claimOf(member, [one]), rules)
    expect(taken.dropped).toEqual([`${page}/${first.peerId}`])
    expect(taken.book.claims.size).toBe(CLAIMS_PER_JOB_MAX)
    const full = take(taken.book, claimOf(uploader, [one])) // in place of the second
    const another = createSigner(new Uint8Array(32).fill(99))
    expect(() => takeClaim(full, claimOf(another, [two]), rules)).toThrow(coded('CLAIMS_FULL'))
    expect([...claimedRoots(full, NOW)]).toEqual([one])
  })

  test('a spoiled record is an error: who knows half of the claims would collect what the others keep', () => {
    const spoiled = {
      list: () => {
        throw new ContentStoreError({ code: 'RECORD_CORRUPT', key: 'k' })
      },
    }
    expect(() => openClaimBook(spoiled, network)).toThrow(coded('RECORD_CORRUPT'))
  })

  test('what no longer matters is forgotten', () => {
    const book = take(emptyClaimBook, claimOf(uploader, [one]), claimOf(member, [two], NOW - HOUR))
    expect(forgetClaims(book, NOW - HOUR + CLAIM_MAX_MS)).toEqual({
      book: take(emptyClaimBook, claimOf(uploader, [one])),
      keys: [`${page}/${member.peerId}`],
    })
  })
})
