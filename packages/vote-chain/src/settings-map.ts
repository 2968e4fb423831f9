import { checkEntry, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { decodeWith, encodeWith, uint64 } from '@interpeer/wire-codec'
import { ChainError } from './errors.js'
import { AMOUNT_SETTINGS, SETTINGS, type Settings } from './settings.js'

/** What the map has under a setting's name (vote-chain.cddl): counts and amounts alike. */
export const settingRecord = uint64

const NAMES = Object.keys(SETTINGS) as (keyof Settings)[]
/** Where the map has a setting: the ASCII of its name. */
export const settingKey = (name: keyof Settings): Uint8Array => Uint8Array.from(name, (letter) => letter.charCodeAt(0))

/** All entries of the `settings` data set: one for each setting, under its name. */
export const settingsEntries = (settings: Settings): readonly MapPut[] => NAMES.map((name) => settingPut(settings, name))

/** What makes the map of `after` of that of `before`: an edit for each setting that is not the same. */
export const settingsEdits = (before: Settings, after: Settings): readonly MapEdit[] =>
  NAMES.filter((name) => before[name] !== after[name]).map((name) => settingPut(after, name))

const settingPut = (settings: Settings, name: keyof Settings): MapPut => ({
  type: 'put',
  key: settingKey(name),
  value: encodeWith(settingRecord, BigInt(settings[name])),
})

/**
 * The settings among a map's entries; what has another key is not looked at.
 * @throws {ChainError} GENESIS_KEY_MISSING: one is not there @throws {WireError} what is there is no setting
 */
export function settingsFrom(entries: readonly Pick<MapEntry, 'key' | 'value'>[]): Settings {
  const values = new Map(entries.map(({ key, value }) => [String.fromCharCode(...key), value]))
  const read = NAMES.map((name) => {
    const value = values.get(name)
    if (value === undefined) throw new ChainError({ code: 'GENESIS_KEY_MISSING', path: `settings.${name}` })
    const setting = decodeWith(settingRecord, value)
    return [name, AMOUNT_SETTINGS.includes(name) ? setting : Number(setting)]
  })
  return Object.fromEntries(read) as Settings
}

/**
 * What a setting is, from the `settings` hash of a block's header and a proof (content-store's `proveEntry` with `settingKey`).
 * Undefined: the proof shows that the network has no such setting.
 * @param settingsHash 32 bytes, from a header that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no setting
 */
export function checkSetting(settingsHash: Uint8Array, name: keyof Settings, proof: Uint8Array): bigint | undefined {
  const { entry } = checkEntry(settingsHash, settingKey(name), proof)
  return entry && decodeWith(settingRecord, entry.value)
}
