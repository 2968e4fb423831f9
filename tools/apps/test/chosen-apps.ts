import { recipeNames } from '../src/site/recipe.ts'

const chosen = process.env.INTERPEER_APPS || undefined

/** The applications that INTERPEER_APPS names, `all` or some with commas between; undefined: as many as CI has time for. */
export const chosenApps: readonly string[] | undefined =
  chosen === undefined ? undefined : chosen === 'all' ? recipeNames() : chosen.split(',')

const unknown = chosenApps?.filter((name) => !recipeNames().includes(name)) ?? []
if (unknown.length > 0)
  throw new Error(`INTERPEER_APPS names what has no recipe: ${unknown.join(', ')}; there are ${recipeNames().join(', ')}`)
