import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Folders of the workspace that hold a package, relative to the root: `packages/overlay`. */
export function packageFolders(...parents: readonly string[]): string[] {
  return parents.flatMap((parent) =>
    readdirSync(join(ROOT, parent))
      .sort()
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(ROOT, folder, 'package.json'))),
  )
}

/** All files below a folder whose name ends so; what was installed or built is left out. */
export function filesBelow(folder: string, ...endings: readonly string[]): SourceFile[] {
  const top = join(ROOT, folder)
  if (!existsSync(top)) return []
  return readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/](node_modules|dist)[\\/]/.test(path.slice(top.length)))
    .sort()
    .map((path) => ({ path: relative(ROOT, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))
}

export const readRoot = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
