import ts from 'typescript'
import { filesBelow, packageFolders, readRoot, type SourceFile } from './workspace.js'

/** `design.md` §2. A package may depend on those of a lower number only. */
export const LAYERS: Readonly<Record<string, number>> = {
  '@interpeer/seeder': 6,
  '@interpeer/gateway': 6,
  '@interpeer/plugin': 6,
  '@interpeer/peer': 5,
  '@interpeer/job-scheduler': 4,
  '@interpeer/intercoin-ledger': 4,
  '@interpeer/name-service': 4,
  '@interpeer/vote-chain': 3,
  '@interpeer/peer-group': 3,
  '@interpeer/php-runtime-bridge': 3,
  '@interpeer/content-store': 2,
  '@interpeer/overlay': 2,
  '@interpeer/crypto-ids': 1,
  '@interpeer/wire-codec': 0,
  '@interpeer/dgram-as-stream': 0,
}
const APPS_LAYER = 6
/** It loads a GPL binary: what depends on it is GPL too, so only the apps may. */
const APPS_ONLY = '@interpeer/php-runtime-bridge'
/** Not layers: tests and benchmarks of any package may use them, what is shipped may not. */
const TOOLS = new Set(['@interpeer/simulator', '@interpeer/bench'])

export interface PackageFacts {
  readonly name: string
  readonly folder: string
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  /** What ships: files below `src/`. */
  readonly sources: readonly SourceFile[]
}

/** One line for each dependency or import that the layers forbid; empty if all is well. */
export function layerFaults(packages: readonly PackageFacts[]): string[] {
  return packages.flatMap((each) => [...placeFaults(each), ...dependencyFaults(each), ...importFaults(each)])
}

function placeFaults({ name, folder }: PackageFacts): string[] {
  const layer = LAYERS[name]
  if (layer === undefined) return [`${folder}: ${name} has no layer`]
  const isApp = folder.startsWith('apps/')
  return isApp === (layer === APPS_LAYER) ? [] : [`${folder}: layer ${layer} does not belong in this folder`]
}

function dependencyFaults({ name, dependencies, devDependencies }: PackageFacts): string[] {
  const shipped = dependencies.filter((each) => TOOLS.has(each)).map((tool) => `${name} ships with ${tool}, which is for tests`)
  const layered = [...dependencies, ...devDependencies].filter((each) => isOurs(each) && !TOOLS.has(each))
  return [...shipped, ...layered.flatMap((each) => directionFault(name, each))]
}

function directionFault(from: string, to: string): string[] {
  const [above, below] = [LAYERS[from], LAYERS[to]]
  if (below === undefined) return [`${from} depends on ${to}, which has no layer`]
  if (to === APPS_ONLY && above !== APPS_LAYER) return [`${from} depends on ${to}, which only the apps may (its licence is the GPL)`]
  if (above === undefined || below < above) return []
  return [`${from} (layer ${above}) depends ${below === above ? 'sideways' : 'up'} on ${to} (layer ${below})`]
}

function importFaults({ name, dependencies, sources }: PackageFacts): string[] {
  const allowed = new Set(dependencies)
  return sources.flatMap(({ path, text }) => {
    const foreign = importedPackages(text).filter((each) => isOurs(each) && !allowed.has(each))
    return foreign.map((each) => `${path} imports ${each}, ${each === name ? 'its own index' : `which ${name} does not depend on`}`)
  })
}

const isOurs = (name: string): boolean => name.startsWith('@interpeer/')

/** The packages that a source file imports, statically, dynamically or for types only. */
export function importedPackages(text: string): string[] {
  const names = importsOf(text).filter((specifier) => !/^[.#/]|^node:/.test(specifier))
  return [
    ...new Set(
      names.map((specifier) =>
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    ),
  ]
}

export const importsOf = (text: string): string[] => ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)

export function readPackages(...parents: readonly string[]): PackageFacts[] {
  return packageFolders(...parents).map((folder) => {
    const manifest: Manifest = JSON.parse(readRoot(`${folder}/package.json`))
    const { name, dependencies = {}, peerDependencies = {}, optionalDependencies = {}, devDependencies = {} } = manifest
    return {
      name,
      folder,
      dependencies: Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
      devDependencies: Object.keys(devDependencies),
      sources: filesBelow(`${folder}/src`, '.ts', '.tsx', '.js', '.mjs'),
    }
  })
}
type Names = Readonly<Record<string, string>>
interface Manifest {
  readonly name: string
  readonly dependencies?: Names
  readonly devDependencies?: Names
  readonly peerDependencies?: Names
  readonly optionalDependencies?: Names
}
