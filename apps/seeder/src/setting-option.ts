import { SETTINGS, type SettingName } from '@interpeer/vote-chain'
import { InvalidArgumentError } from 'commander'

/** `NAME=VALUE`, within the setting's range. @throws {InvalidArgumentError} */
export function settingIn(text: string): { readonly name: SettingName; readonly value: bigint } {
  const [name = '', value = ''] = text.split('=')
  const range = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as SettingName] : undefined
  if (range === undefined) throw new InvalidArgumentError(`there is no setting "${name}"`)
  const isNumber = /^\d{1,16}$/.test(value)
  if (!isNumber || BigInt(value) < BigInt(range.min) || BigInt(value) > BigInt(range.max)) {
    throw new InvalidArgumentError(`${name} takes a whole number from ${range.min} to ${range.max}`)
  }
  return { name: name as SettingName, value: BigInt(value) }
}
