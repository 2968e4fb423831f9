/** What to tell a person about an error: what happened, and what to do where we know it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, failure } = error as { code?: unknown; failure?: { readonly path?: string; readonly folder?: string } }
  const where = failure?.path ?? failure?.folder
  const advice = typeof code === 'string' ? ADVICE[code] : undefined
  return [`${error.message}${where === undefined ? '' : ` (${where})`}`, ...(advice === undefined ? [] : [advice])].join('\n')
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path: there is no such file or folder.',
  EADDRINUSE: 'Another program uses that port: choose another with --port, or 0 for any.',
  DATA_IN_USE: 'Another process runs on this folder. Stop it first, or choose another --data.',
  SYNC_REFUSED:
    'Too few peers name the same checkpoint, and this network is too old to be followed from its genesis, or from where this peer stopped long ago. Name it with --checkpoint, from whoever you trust, or give more peers with --bootstrap.',
  SYNC_SLEPT: 'This machine slept for long, and the network went on: start the gateway again. It then begins at a newer checkpoint.',
  DATA_OTHER_NETWORK: 'This folder belongs to another network. Choose another --data, or the genesis that it was made with.',
  KEY_FILE_PASSPHRASE_NEEDED: 'The key is encrypted. Give its passphrase with --passphrase-file or INTERPEER_PASSPHRASE.',
  PASSPHRASE_WRONG: 'That is not the passphrase, or the file was altered.',
  KEY_FILE_OPEN_TO_OTHERS: 'Other users of this machine can read the key: "chmod 600" it, and think of it as known to them.',
  STORE_FULL: 'The disk is full. Make room and start again.',
}
