import { editHeldMap, emptyHeldMap, type MapEdit, readHeldMap, readRange, readTotal } from '@interpeer/content-store'
import { accountOfBytes, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { checkPeer, checkSetting, checkTicket, type PeerEntry, registryEntries, type Settings, settingsEntries } from '../src/index.js'
import vectors from '../vectors/data-sets.json' with { type: 'json' }

function listed(edits: readonly MapEdit[]) {
  const map = editHeldMap(emptyHeldMap(), edits)
  const { entries } = readHeldMap(map, readRange)
  return {
    entries: entries.map(({ key, value, sum }) => ({ key: hexOf(key), value: hexOf(value), sum: String(sum) })),
    root: hexOf(map.root.hash),
    total: String(readHeldMap(map, readTotal).total),
  }
}

interface Fields extends Omit<PeerEntry, 'peer' | 'recovery' | 'heir' | 'declines'> {
  readonly peer: string
  readonly recovery: string | null
  readonly heir: string | null
  readonly declines: readonly string[]
}
const entryOf = ({ peer, recovery, heir, declines, ...rest }: Fields): PeerEntry =>
  ({
    ...rest,
    peer: peerIdOfKey(bytesOfHex(peer)),
    recovery: recovery && bytesOfHex(recovery),
    heir: heir && peerIdOfKey(bytesOfHex(heir)),
    declines: declines.map((account) => accountOfBytes(bytesOfHex(account))),
  }) as PeerEntry

test.each(vectors.registries)('a registry: $name', ({ peers, entries, root, total }) => {
  const made = (peers as readonly Fields[]).map(entryOf)
  expect(listed(registryEntries(new Map(made.map((entry) => [entry.peer, entry]))))).toEqual({ entries, root, total })
})

test.each(vectors.peers)('a proof of $name: $expect', ({ expect: code, root, ask, proof, shows }) => {
  const { ticket, peer = '' } = ask as { ticket?: string; peer?: string }
  const check = (): { entry: PeerEntry | undefined; tickets: bigint } =>
    ticket === undefined
      ? checkPeer(bytesOfHex(root), peerIdOfKey(bytesOfHex(peer)), bytesOfHex(proof))
      : checkTicket(bytesOfHex(root), BigInt(ticket), bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(expect.objectContaining({ code }))
  const { entry, tickets } = check()
  const shown = shows as { peer: Fields | null; tickets: string }
  expect({ entry, tickets: String(tickets) }).toEqual({ entry: shown.peer ? entryOf(shown.peer) : undefined, tickets: shown.tickets })
})

test.each(vectors.settings)('settings: $name', ({ settings, entries, root, total }) => {
  const numbers = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, BigInt(value)]))
  expect(listed(settingsEntries(numbers as unknown as Settings))).toEqual({ entries, root, total })
})

test.each(vectors.settingProofs)('a proof of a setting: $name: $expect', ({ expect: code, root, setting, proof, shows }) => {
  const check = () => checkSetting(bytesOfHex(root), setting as keyof Settings, bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(expect.objectContaining({ code }))
  const found = check()
  expect(found === undefined ? null : String(found)).toBe(shows)
})
