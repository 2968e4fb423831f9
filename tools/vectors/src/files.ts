import { readFileSync } from 'node:fs'
import { Contract } from './contract.js'

export const ROOT = new URL('../../../', import.meta.url).pathname
export const vectorsPath = (folder: string, name: string): string => `${ROOT}packages/${folder}/vectors/${name}.json`

export const contractPath = (folder: string): string =>
  `${ROOT}packages/${folder}/${folder === 'wire-codec' ? 'test/example' : `src/${folder}`}.cddl`
/** The contract of a package, by its folder. */
export const contractOf = (folder: string): Contract => new Contract(readFileSync(contractPath(folder), 'utf8'))

/** JSON with one case a line, so that a changed case is a changed line. */
export function linesOf(value: unknown, depth = 0): string {
  const pad = '  '.repeat(depth + 1)
  const close = '  '.repeat(depth)
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    return `[\n${value.map((item) => `${pad}${isCase(item) ? JSON.stringify(item) : linesOf(item, depth + 1)}`).join(',\n')}\n${close}]`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{\n${fields.map(([name, field]) => `${pad}${JSON.stringify(name)}: ${linesOf(field, depth + 1)}`).join(',\n')}\n${close}}`
}
const isCase = (item: unknown): boolean => typeof item === 'object' && item !== null && ('expect' in item || Array.isArray(item))
