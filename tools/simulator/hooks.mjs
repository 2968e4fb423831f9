// SIM_PLANTED: JSON, [{ file, search, replace }…], files from the repository's root: a planted bug, put into a source when it is loaded. Never on the disk.
import { registerHooks } from 'node:module'
import '../typescript-sources.mjs'

const root = new URL('../../', import.meta.url).href
const patches = JSON.parse(process.env.SIM_PLANTED ?? '[]')
const planted = new Set()

const remembering = new URL('./remembered-signatures.mjs', import.meta.url).href
const cryptoIds = new URL('packages/crypto-ids/', root).href

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '#backend' && context.parentURL?.startsWith(cryptoIds)) return { url: remembering, shortCircuit: true }
    return next(specifier, context)
  },
  load(url, context, next) {
    const loaded = next(url, context)
    const mine = patches.filter(({ file }) => url === root + file)
    if (mine.length === 0) return loaded
    let source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
    for (const { file, search, replace } of mine) {
      const parts = source.split(search)
      if (parts.length !== 2) throw new Error(`PLANTED: ${file} has ${parts.length - 1} times, not once: ${search}`)
      source = parts.join(replace)
      planted.add(search)
    }
    return { ...loaded, source }
  },
})

/** Whether every patch has been applied to a source that was loaded. */
export const allPlanted = () => patches.every(({ search }) => planted.has(search))
