import { InvalidArgumentError, Option } from 'commander'

const [ON, OFF] = [new Set(['1', 'true']), new Set(['0', 'false', ''])]

/** An option that is on by being there, or by what its variable says: to commander, a variable of an option without a value says yes whatever is in it. */
export const switchOption = (flag: string, description: string, variable: string): Option =>
  new Option(`${flag} [on]`, description).env(variable).argParser((text) => {
    const word = text.toLowerCase()
    if (!ON.has(word) && !OFF.has(word)) throw new InvalidArgumentError('1 or true for on, 0 or false for off')
    return ON.has(word)
  })
