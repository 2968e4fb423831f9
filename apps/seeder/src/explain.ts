/** What to tell a person about an error: what happened, and what to do where we know it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  const advice = typeof code === 'string' ? ADVICE[code] : undefined
  return [`interpeer: ${error.message}`, ...(advice === undefined ? [] : [advice])].join('\n')
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path: there is no such file or folder.',
  EACCES: 'This user may not read or write there.',
  EADDRINUSE: 'Another program uses that port: choose another with --port, or 0 for any.',
  DATA_IN_USE: 'Another process runs on this folder. Stop it first, or choose another --data.',
  DATA_OTHER_NETWORK: 'This folder belongs to another network. Choose another --data, or the genesis that it was made with.',
  PUBLISH_REFUSED: 'Nothing was published. Change what it names and try again.',
  STORE_FULL: 'The disk is full. Make room and start again: nothing that was acknowledged is lost.',
}
