import type { LeftOut } from '@interpeer/content-store/node'

/** Folders by these names, at any depth, are not read: a site is no place for the history of its source, which has what was secret once. */
export const HISTORY: readonly string[] = ['.git', '.svn', '.hg', '.bzr']
export const HISTORY_WHY = 'the history of the source is none of the site'
const TOLD = 5

export const isHistory = ({ code }: LeftOut): boolean => code === 'PASSED_OVER'

/** What of a folder was passed over, in a line; undefined where nothing was. */
export function historyLine(leftOut: readonly LeftOut[]): string | undefined {
  const paths = leftOut.filter(isHistory).map(({ path }) => path)
  if (paths.length === 0) return undefined
  const more = paths.length > TOLD ? ` and ${paths.length - TOLD} more` : ''
  return `left out: ${paths.slice(0, TOLD).join(', ')}${more} (${HISTORY_WHY})`
}
