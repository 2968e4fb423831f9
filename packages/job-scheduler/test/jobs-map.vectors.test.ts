import { editHeldMap, emptyHeldMap, readHeldMap, readRange } from '@interpeer/content-store'
import { contentIdOfBytes, jobIdOf, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { checkJob, type Job, jobsEntries } from '../src/index.js'
import vectors from '../vectors/jobs-map.json' with { type: 'json' }

type Fields = (typeof vectors.lists)[number]['jobs'][number]
const link = (hex: string) => contentIdOfBytes(bytesOfHex(hex))
const peer = (hex: string) => peerIdOfKey(bytesOfHex(hex))

function jobOf({ job, state, manifest, startMs, tenureMs, epoch, next, recovering, closing, last, paid }: Fields): Job {
  const { members, seed, start, certificate, rerun, mayPay, ...times } = epoch
  return {
    job: jobIdOf(link(job)),
    state: state as Job['state'],
    manifest: {} as never, // what the envelope says: it is not written
    manifestEnvelope: bytesOfHex(manifest),
    timetable: { startMs, tenureMs, seats: members.length },
    epoch: {
      ...times,
      members: members.map(peer),
      seed: bytesOfHex(seed),
      start: link(start),
      certificate: certificate === null ? null : bytesOfHex(certificate),
      rerun: rerun.map(bytesOfHex),
      mayPay: BigInt(mayPay),
    },
    next: next && {
      ...{
        members: next.members.map(peer),
        seed: bytesOfHex(next.seed),
        seat: next.seat,
        atMs: next.atMs,
        jurors: next.jurors,
        mayPay: BigInt(next.mayPay),
      },
      ...{ leaver: peer(next.leaver), joiner: peer(next.joiner) },
    },
    recovering: recovering && {
      ...recovering,
      leave: recovering.leave.map(peer),
      shows: recovering.shows.map(({ member, show }) => ({ member: peer(member), show: bytesOfHex(show) })),
      parts: recovering.parts.map((part) => ({ member: peer(part.member), show: bytesOfHex(part.show), bytes: bytesOfHex(part.bytes) })),
    },
    closing: closing && { ...closing, certificate: bytesOfHex(closing.certificate), batch: bytesOfHex(closing.batch) },
    paid: BigInt(paid),
    last: last && { ...last, certificate: bytesOfHex(last.certificate), state: link(last.state) },
  }
}

test.each(vectors.lists)('$name', ({ jobs, entries, root }) => {
  const all = jobs.map(jobOf)
  const map = editHeldMap(emptyHeldMap(), jobsEntries(new Map(all.map((job) => [job.job, job]))))
  const listed = readHeldMap(map, readRange).entries.map(({ key, value, sum }) => ({
    key: hexOf(key),
    value: hexOf(value),
    sum: String(sum),
  }))
  expect(listed).toEqual(entries)
  expect(hexOf(map.root.hash)).toBe(root)
})

test.each(vectors.jobs)('a proof of $name: $expect', ({ expect: code, root, job, proof, members }) => {
  const check = () => checkJob(bytesOfHex(root), jobIdOf(link(job)), bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(expect.objectContaining({ code }))
  expect(check()?.epoch.members.map(hexOf) ?? null).toEqual(members)
})
