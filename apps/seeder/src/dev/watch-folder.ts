import { watch } from 'node:fs'

/** Editors save in several steps; whoever unpacks an archive in thousands. */
const QUIET_MS = 150
const POLL_MS = 3_000

export interface FolderWatch {
  readonly close: () => void
}

/**
 * Calls `changed` when a folder, or anything below it, was written to and then let alone for a moment; one call at a time. Where the system can't watch
 * (it has too few watches for so many folders) it calls every three seconds, and says so once.
 */
export function watchFolder(folder: string, changed: () => Promise<void>, cannot: (error: unknown) => void): FolderWatch {
  let timer: NodeJS.Timeout | undefined
  let poll: NodeJS.Timeout | undefined
  let isRunning = false
  let isDue = false
  const run = async (): Promise<void> => {
    if (isRunning) {
      isDue = true
      return
    }
    isRunning = true
    do {
      isDue = false
      await changed()
    } while (isDue)
    isRunning = false
  }
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(() => void run(), QUIET_MS)
  }
  const pollInstead = (error: unknown) => {
    if (poll !== undefined) return
    cannot(error)
    poll = setInterval(() => void run(), POLL_MS)
  }
  let watcher: ReturnType<typeof watch> | undefined
  try {
    watcher = watch(folder, { recursive: true }, soon)
    watcher.on('error', pollInstead)
  } catch (error) {
    pollInstead(error)
  }
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(poll)
      watcher?.close()
    },
  }
}
