import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cacheFolder } from './cache-folder.ts'
import { findDebianPackages, unpackDebianPackages } from './debian-packages.ts'
import { unpackNpmPackage } from './npm-package.ts'
import { digestOfFolder, setTimes } from './site-folder.ts'
import { sharedRuntime } from './site-in-process.ts'

const RECIPES = fileURLToPath(new URL('../../../../recipes', import.meta.url))
const OWN_SOURCE = fileURLToPath(new URL('.', import.meta.url))

/** What whoever builds a site may choose. */
export interface SiteOptions {
  readonly title: string
  /** The account of the site's first administrator. */
  readonly admin: string
  readonly password: string
}
/** What build.mjs of a recipe is given. */
export interface RecipeKit extends SiteOptions {
  /** An empty folder: the site is made here. */
  readonly site: string
  /** The recipe's own folder. */
  readonly own: string
  /** Where the Debian packages lie unpacked over each other, as if this were `/`. */
  readonly debian: string
  /** Where an npm package lies unpacked, by NAME@VERSION. */
  readonly npm: (spec: string) => string
}
interface Recipe {
  /** Names of Debian packages: the version that the distribution has now. */
  readonly debian?: readonly string[]
  /** NAME@VERSION of npm packages. */
  readonly npm?: readonly string[]
  readonly build: (kit: RecipeKit) => void | Promise<void>
}

/** Names of the recipes that are there. */
export function recipeNames(): readonly string[] {
  return readdirSync(RECIPES).filter((name) => existsSync(join(RECIPES, name, 'build.mjs')))
}

/**
 * The folder of a recipe's site. It is built where the cache has none of the same recipe, packages, options, runtime and builder, and must not be written to.
 * @throws {SourcesMissing} where its packages cannot be had
 */
export async function siteOfRecipe(name: string, options: SiteOptions): Promise<string> {
  const own = join(RECIPES, name)
  const recipe = (await import(pathToFileURL(join(own, 'build.mjs')).href)) as Recipe
  const packages = findDebianPackages(recipe.debian ?? [])
  const about = {
    recipe: digestOfFolder(own, (path) => path !== 'README.md'),
    builder: digestOfFolder(OWN_SOURCE),
    runtime: (await sharedRuntime()).runtimeId,
    packages,
    npm: recipe.npm ?? [],
    options,
  }
  const key = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 24)
  const folder = join(cacheFolder, 'sites', `${name}-${key}`)
  if (existsSync(folder)) return folder
  const workshop = join(cacheFolder, 'building', randomUUID())
  const npm = (spec: string) => join(workshop, 'npm', spec.replaceAll('/', '-'))
  const [site, debian] = [join(workshop, 'site'), join(workshop, 'debian')]
  try {
    for (const one of [site, debian]) mkdirSync(one, { recursive: true })
    unpackDebianPackages(packages, debian)
    for (const spec of about.npm) unpackNpmPackage(spec, npm(spec))
    await recipe.build({ ...options, site, own, debian, npm })
    const { caches = [] } = JSON.parse(readFileSync(join(site, 'interpeer.json'), 'utf8')) as { caches?: readonly string[] }
    setTimes(site, caches)
    mkdirSync(join(cacheFolder, 'sites'), { recursive: true })
    try {
      renameSync(site, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error // another process built the same meanwhile
    }
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
  return folder
}

/** A copy of a recipe's site, for its owner to change and publish. */
export async function copySiteOfRecipe(name: string, options: SiteOptions, out: string): Promise<void> {
  cpSync(await siteOfRecipe(name, options), out, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    errorOnExist: true,
    force: false,
  })
}
