import { kindOfPath, type SiteConfiguration } from './configuration/site-configuration.js'
import type { TreeDirectory, TreeNode } from './file-tree.js'
import { CHILD_PATH, EVENT_PATH, LIBRARY_PATH } from './host-calls/php-library.js'
import { compareText } from './path.js'
import { type OpcacheSizes, SESSION_FOLDER, SITE_FOLDER } from './php-ini.js'

/** Whether a site has an image of its own. Without code that never changes, or without requests that run some, it has PHP as it starts. */
export function hasOwnImage({ mutable, warmUp }: SiteConfiguration): boolean {
  return mutable !== 'everything' && warmUp.length > 0
}

/** Whether a file can change, or differ between peers: opcache must not know it. */
export function canChange(configuration: SiteConfiguration, path: string): boolean {
  return kindOfPath(configuration, path) !== 'immutable'
}

/** The tree without all that can change: the same for every state of a site. */
export function codeOf(configuration: SiteConfiguration, tree: TreeDirectory, prefix = ''): TreeDirectory {
  const entries = new Map<string, TreeNode>()
  for (const [name, node] of tree.entries) {
    const path = prefix + name
    if (canChange(configuration, path)) continue
    entries.set(name, node.kind === 'directory' ? codeOf(configuration, node, `${path}/`) : node)
  }
  return { ...tree, entries }
}

export const SWEEP_PATH = '/internal/shared/sweep.php'

/** Absolute paths of which opcache takes nothing: all but the immutable code, and the library that comes before every script. */
export function uncachedPaths({ mutable, scratch, caches }: SiteConfiguration): string[] {
  const inSite = mutable === 'everything' ? [SITE_FOLDER] : [...mutable, ...scratch, ...caches].map((path) => `${SITE_FOLDER}/${path}`)
  return [SWEEP_PATH, CHILD_PATH, EVENT_PATH, '/request', '/tmp', RUNTIME_FOLDER, ...inSite].sort(compareText)
}
const RUNTIME_FOLDER = SESSION_FOLDER.slice(0, SESSION_FOLDER.lastIndexOf('/'))

/** opcache's list of what it must not take: a path on each line, which also means all that begin with it. */
export function blacklistOf(configuration: SiteConfiguration): string {
  // its pattern language has '*' and '?', and no way to escape them: cut before, a pattern means more, never less
  const lines = uncachedPaths(configuration).map((path) => path.replace(/[*?;"\s].*$/su, ''))
  return `${lines.join('\n')}\n`
}

/** While an image is made for the first time, to see what it needs. */
export const ROOMY: OpcacheSizes = { sharedMiB: 72, stringsMiB: 8 }

/**
 * What it does: opcache lets go of what is not immutable code (archives' members escape its blacklist), and says what
 * it holds and needs. Given a name of a script, it learns that instead: one at a time, since two scripts may declare the same.
 */
export function sweepScript(configuration: SiteConfiguration): string {
  const changing = JSON.stringify(uncachedPaths(configuration)).replace(/[\\']/g, '\\$&')
  return `<?php
$name = $_SERVER['${NAME_VARIABLE}'] ?? null;
if ($name !== null) {
    opcache_compile_file($name);
    exit;
}
$changing = json_decode('${changing}');
$held = [];
foreach (opcache_get_status(true)['scripts'] ?? [] as $path => $script) {
    $name = preg_replace('~^[a-z.]+://~', '', $path);
    if ($name === '${LIBRARY_PATH}') continue;
    $drop = false;
    foreach ($changing as $one) $drop = $drop || $name === $one || str_starts_with($name, $one . '/');
    if ($drop) opcache_invalidate($path, true);
    elseif (str_starts_with($name, '${SITE_FOLDER}/')) $held[] = $path;
}
sort($held);
$status = opcache_get_status(false);
echo json_encode([
    'held' => $held,
    'sharedBytes' => $status['memory_usage']['used_memory'] + $status['memory_usage']['wasted_memory'],
    'stringsBytes' => $status['interned_strings_usage']['used_memory'],
], JSON_INVALID_UTF8_SUBSTITUTE);
`
}

/** In which the sweep is given a name. */
export const NAME_VARIABLE = 'INTERPEER_NAME'
/** Most names that an image knows scripts by, beside their real paths: opcache has room for 7,963 of both. */
const NAMES_MAX = 3_000

/**
 * Of the names that scripts asked for, those that lead to a held script and, whatever becomes of what can change, to no other file: absolute, by folders of the
 * code alone, without any link. Their real paths are left out. Sorted.
 */
export function lastingNames(
  asked: Iterable<string>,
  held: readonly string[],
  configuration: SiteConfiguration,
  site: TreeDirectory,
): string[] {
  const scripts = new Set(held)
  const isWanted = (name: string) => {
    const path = lastingPathOf(name, configuration, site)
    return path !== undefined && path !== name && scripts.has(path)
  }
  return [...asked].filter(isWanted).sort(compareText).slice(0, NAMES_MAX)
}

function lastingPathOf(name: string, configuration: SiteConfiguration, site: TreeDirectory): string | undefined {
  if (!name.startsWith(`${SITE_FOLDER}/`)) return undefined
  const folders = [site]
  const names: string[] = []
  let isFile = false
  for (const part of name.slice(SITE_FOLDER.length + 1).split('/')) {
    if (isFile) return undefined
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (names.pop() === undefined) return undefined
      folders.pop()
      continue
    }
    const node = folders.at(-1)?.entries.get(part)
    names.push(part)
    if (node === undefined || node.kind === 'symlink' || canChange(configuration, names.join('/'))) return undefined
    if (node.kind === 'directory') folders.push(node)
    else isFile = true
  }
  return isFile ? `${SITE_FOLDER}/${names.join('/')}` : undefined
}

export interface Swept {
  /** The site's: absolute paths, sorted. */
  readonly held: readonly string[]
  readonly sharedBytes: number
  readonly stringsBytes: number
}

const MIB = 1024 * 1024
/** opcache takes no less. */
const SHARED_MIB_MIN = 8

/** Memory for just what was needed when there was plenty: what a request compiles beyond it is not kept anyway. */
export function sizesFor({ sharedBytes, stringsBytes }: Swept): OpcacheSizes {
  const stringsMiB = Math.max(1, Math.ceil(stringsBytes / MIB))
  const others = sharedBytes - ROOMY.stringsMiB * MIB
  return { sharedMiB: Math.max(SHARED_MIB_MIN, Math.ceil(others / MIB) + stringsMiB), stringsMiB }
}
