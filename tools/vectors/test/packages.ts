/** Packages whose contract declares messages or records. That of wire-codec is the example of its tests. */
export const PACKAGES = [
  'wire-codec',
  'overlay',
  'content-store',
  'peer-group',
  'vote-chain',
  'job-scheduler',
  'intercoin-ledger',
  'peer',
] as const
