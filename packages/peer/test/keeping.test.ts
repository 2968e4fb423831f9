import { memoryStore, missingBlocks, readTree } from '@interpeer/content-store'
import { type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { readStateBlock, verifyClosing } from '@interpeer/peer-group'
import { concatBytes } from '@interpeer/wire-codec'
import { afterEach, expect, test } from 'vitest'
import type { ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'
import { asking, clientOf, closeMembers, introduce, job, type Member, network, openMember, startGroup } from './udp-group.js'

afterEach(closeMembers)

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
/** 20 kB that follow from a text. */
const pageOf = (text: string): Uint8Array => concatBytes(...Array.from({ length: 640 }, (_, i) => sha256(bytesOf(`${text} ${i}`))))

/** POST puts a page at its address in place of the one before; GET gives it back. */
class PagesRuntime extends CounterRuntime {
  override async run(root: string, { method, target, body }: ScriptRequest, { timeMs }: { timeMs: number }): Promise<ScriptOutcome> {
    const [path, tree] = [target.slice(1), this.trees.get(root)]
    const isWrite = method === 'POST'
    const text = new TextDecoder().decode(body)
    const bytes = isWrite ? (text === '' ? body : pageOf(text + target)) : (tree?.get(path) ?? new Uint8Array())
    const changes = isWrite ? [{ type: 'write' as const, path, mode: 0o644, mtimeS: Math.floor(timeMs / 1000), bytes }] : []
    const answer = isWrite ? bytesOf('kept') : bytes
    return { type: 'answered', status: 200, headers: [], body: answer, changes, fuel: 1, transcript: sha256(bytes) }
  }
}
const WRITERS = ['a', 'b', 'c', 'd', 'e', 'f']

/** Writes `count` pages a writer, one after another; every one must be acknowledged. Sometimes reads back what it wrote. */
async function writeAll(asker: Member, view: () => SiteView, count: number, onWritten: () => void = () => {}): Promise<void> {
  const client = clientOf(asker, view)
  const write = async (name: string) => {
    for (let i = 1; i <= count; i++) {
      expect((await client.ask('log', asking('POST', `/${name}`, `${name} ${i}`))).ran).toBe('write')
      onWritten()
      if (i % 10 === 0) expect((await client.ask('log', asking('GET', `/${name}`))).body).toEqual(pageOf(`${name} ${i}/${name}`))
    }
  }
  await Promise.all(WRITERS.map(write))
}

const stateOf = (member: Member): ContentId | undefined => member.hosts.hosted()[0]?.state as ContentId | undefined
/** Whether a member serves the last page of every writer, and has every block of it. */
function holdsAll(member: Member, count: number): boolean {
  const { get } = member.store.blocks
  const state = stateOf(member)
  const block = state === undefined ? undefined : get(state)
  if (state === undefined || block === undefined || missingBlocks(get, state).length > 0) return false
  const tree = readTree(get, readStateBlock(block).files)
  if ('missing' in tree) return false
  const pages = new Map(tree.files.map(({ path, bytes }) => [path, bytes]))
  return WRITERS.every((name) => Buffer.compare(pages.get(name) ?? new Uint8Array(), pageOf(`${name} ${count}/${name}`)) === 0)
}
const collectedBytes = ({ counts }: Member): number => counts.get('COLLECTED_BYTES') ?? 0

test('while a site is written, read, moved and its members restart, stores stay small, and every byte of it stays', async () => {
  const PER_WRITER = 40
  const collection = { graceMs: 300, everyMs: 200 }
  const { group, asker, spare, view } = await startGroup(4, () => ({ runtime: new PagesRuntime(), collection }))
  let [now, written, peak] = [view, 0, 0]
  const everyone = () => [...group, spare]
  const tell = () => {
    for (const member of everyone()) member.hosts.onViews([now])
  }
  const watch = setInterval(() => {
    for (const { store } of everyone()) peak = Math.max(peak, store.usedBytes())
  }, 20)
  const writing = writeAll(
    asker,
    () => now,
    PER_WRITER,
    () => {
      written++
    },
  )
  await expect.poll(() => written).toBeGreaterThan(80)
  const { signer, store, close } = group[2] as Member
  await close()
  group[2] = await openMember({ signer, store, runtime: new PagesRuntime(), collection })
  introduce([...everyone(), asker])
  tell()
  await expect.poll(() => written).toBeGreaterThan(160)
  const next = [spare, ...group.slice(1)]
  const ids = next.map((member) => member.signer.peerId)
  now = { ...view, next: { members: ids, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 500, jurors: 0, mayPay: 0n } }
  tell()
  await expect.poll(() => group[1]?.closed.length).toBe(1)
  const { certificate, batch } = (group[1] as Member).closed[0] as Member['closed'][number]
  const { state, timeMs } = verifyClosing(certificate, batch, { network, job, epoch: 0, members: view.members as PeerId[] })
  now = {
    ...view,
    epoch: 1,
    members: ids,
    previousMembers: view.members,
    chainSeed: new Uint8Array(32).fill(9),
    start: state,
    startTimeMs: timeMs,
  }
  for (let block = 0; block < 4; block++) tell() // the leaver has gone after three
  await writing
  clearInterval(watch)
  await expect.poll(() => next.map((member) => holdsAll(member, PER_WRITER))).toEqual(next.map(() => true))
  for (const member of next) {
    expect(member.counts.get('COLLECTION_REFUSED')).toBeUndefined()
    // what the last writes left behind goes when its grace is over
    const least = member === group[2] || member === spare ? peak / 2 : 2 * peak
    await expect.poll(() => collectedBytes(member)).toBeGreaterThan(least)
  }
  // the leaver is the last resort for what the new epoch began from, until the chain names a later state
  const leaver = group[0] as Member
  expect(leaver.hosts.hosted()).toEqual([])
  await leaver.keeper.collect()
  expect(missingBlocks(leaver.store.blocks.get, state)).toEqual([])
  now = { ...now, epoch: 2, previousEpoch: 1, previousMembers: ids, start: stateOf(spare) as ContentId }
  leaver.hosts.onViews([now])
  await expect.poll(() => [...leaver.store.blocks.list()].length).toBe(0)
  expect([...leaver.store.records('groups').list(''), ...leaver.store.records('sites').list('')]).toEqual([])
})

test('a member whose store is too small for the site falls silent and the others go on; when the site fits again it takes part again', async () => {
  const PAGES = 50
  const small = { maxBytes: 700_000 }
  const { group, asker, view } = await startGroup(4, (i) => ({
    runtime: new PagesRuntime(),
    ...(i === 3 ? { store: memoryStore(small), collection: { graceMs: 3_600_000, everyMs: 3_600_000, ...small } } : {}),
  }))
  const client = clientOf(asker, () => view)
  const write = async (page: number, text: string) => {
    expect((await client.ask('log', asking('POST', `/${page}`, text))).ran).toBe('write')
  }
  const writeEach = async (text: string) => {
    for (let page = 0; page < PAGES; page += 25) await Promise.all(Array.from({ length: 25 }, (_, i) => write(page + i, text)))
  }
  await writeEach('long') // a million bytes
  const [first, last] = [group[0] as Member, group[3] as Member]
  const isWhole = (member: Member) => {
    const state = stateOf(member)
    return state !== undefined && state === stateOf(first) && missingBlocks(member.store.blocks.get, state).length === 0
  }
  await expect.poll(() => last.counts.get('STORE_FULL') ?? 0).toBeGreaterThan(0)
  await expect.poll(() => isWhole(group[1] as Member)).toBe(true)
  expect(isWhole(last)).toBe(false)
  await writeEach('')
  await expect.poll(() => isWhole(last)).toBe(true)
  await write(1, 'again')
  await expect.poll(() => isWhole(last)).toBe(true)
})

test('in a store with room for a few versions a site is written for ever: each put that finds it full makes room', async () => {
  const PER_WRITER = 15
  const maxBytes = 1_000_000
  const collection = { graceMs: 3_600_000, everyMs: 3_600_000, maxBytes } // no schedule: only need
  const { group, asker, view } = await startGroup(3, () => ({
    ...{ runtime: new PagesRuntime(), store: memoryStore({ maxBytes }), collection },
  }))
  await writeAll(asker, () => view, PER_WRITER)
  await expect.poll(() => group.map((member) => holdsAll(member, PER_WRITER))).toEqual(group.map(() => true))
  for (const member of group) expect(collectedBytes(member) + member.store.usedBytes()).toBeGreaterThan(1.5 * maxBytes)
})
