import type { TreeFiles } from '@interpeer/content-store'
import { type Application, applications } from './applications.js'

export interface FoundApplication {
  readonly application: Application
  /** The folder that it lies in; '' is the top. */
  readonly folder: string
  readonly version: string | undefined
}
const VERSION_BYTES_MAX = 65_536

/** The application in a folder, or in a folder at its top. undefined where nothing there answers. */
export function findApplication({ files, directories }: TreeFiles): FoundApplication | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const folders = new Set(directories.map(({ path }) => path))
  for (const { path } of files) for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at))
  const places = ['', ...[...folders].filter((path) => !path.includes('/') && !path.startsWith('.')).sort()]
  const found = places.flatMap((folder) =>
    applications
      .filter(({ marks }) => marks.every((mark) => byPath.has(inFolder(folder, mark)) || folders.has(inFolder(folder, mark))))
      .map((application) => ({ application, folder })),
  )
  // what is told by more of its own is meant; of two that are alike, the one nearer to the top
  const rank = ({ application: { rank = 0, marks } }: (typeof found)[number]) => rank * 100 + marks.length
  const [best] = found.sort((a, b) => rank(b) - rank(a) || a.folder.length - b.folder.length)
  if (best === undefined) return undefined
  const { version } = best.application
  const file = version && byPath.get(inFolder(best.folder, version.path))
  const text = file && Buffer.from(file.bytes.subarray(0, VERSION_BYTES_MAX)).toString('latin1')
  return { ...best, version: text === undefined ? undefined : version?.form.exec(text)?.[1]?.trim() }
}

export const inFolder = (folder: string, path: string): string => (folder === '' ? path : path === '' ? folder : `${folder}/${path}`)
