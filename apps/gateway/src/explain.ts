/** What to tell a person about an error: what happened, and what to do where we know it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, failure } = error as {
    code?: unknown
    failure?: { readonly path?: string; readonly folder?: string; readonly because?: string }
  }
  const where = failure?.path ?? failure?.folder
  const because = failure?.because
  const more = failure === undefined ? undefined : `docs/errors.md says what ${String(code)} means, and what to do.`
  const advice = typeof code === 'string' ? (ADVICE[`${code} ${because}`] ?? ADVICE[code] ?? more) : undefined
  return [`${error.message}${where === undefined ? '' : ` (${where})`}`, ...(advice === undefined ? [] : [advice])].join('\n')
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path: there is no such file or folder.',
  EADDRINUSE: 'Another program uses that port: choose another with --port, or 0 for any.',
  DATA_IN_USE: 'Another process runs on this folder. Stop it first, or choose another --data.',
  SYNC_REFUSED:
    'If the network was off, start its peers and this gateway at the same time. If that does not help: too few peers name the same checkpoint, and this network is too old to be followed from its genesis, or from where this peer stopped long ago. Name it with --checkpoint, from whoever you trust, or give more peers with --bootstrap.',
  'SYNC_REFUSED SYNC_OLD':
    'The checkpoints that its sources name are from long ago. If this machine has the right time, they stood still themselves: give others with --bootstrap, or name a checkpoint with --checkpoint, from whoever you trust.',
  'SYNC_REFUSED SYNC_OTHER':
    'Its sources name another chain than this folder has: one of the two is false. Ask somebody whom you trust for the hash of a checkpoint, and name it with --checkpoint; or choose another --data.',
  SYNC_SLEPT: 'This machine slept for long, and the network went on: start the gateway again. It then begins at a newer checkpoint.',
  DATA_OTHER_NETWORK: 'This folder belongs to another network. Choose another --data, or the genesis that it was made with.',
  KEY_FILE_PASSPHRASE_NEEDED: 'The key is encrypted. Give its passphrase with --passphrase-file or INTERPEER_PASSPHRASE.',
  PASSPHRASE_WRONG: 'That is not the passphrase, or the file was altered.',
  KEY_FILE_OPEN_TO_OTHERS: 'Other users of this machine can read the key: "chmod 600" it, and think of it as known to them.',
  PROGRAM_OLD: 'The network voted for rules that this version does not know: update it, and start again on the same --data.',
  BIND_FAILED: 'It can not listen there: choose another --port, or 0 for any, and a --host of this machine.',
  STORE_FULL: 'The disk is full. Make room and start again.',
}
