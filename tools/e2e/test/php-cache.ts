import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for the metered PHP of all networks: the first that starts makes it, which takes seconds. */
    readonly phpCache: string
  }
}

export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-e2e-cache-'))
  provide('phpCache', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
