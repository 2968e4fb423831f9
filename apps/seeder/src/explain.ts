import { harmless } from './print.js'

/** What to tell a person about an error: what happened, and what to do where we know it. Its lines are ours alone. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return harmless(String(error))
  const { code, failure, lines = [error.message] } = error as { code?: unknown; failure?: Failure; lines?: readonly string[] }
  const said = `interpeer: ${lines.map(harmless).join('\n')}`
  const advice = typeof code === 'string' ? ADVICE[code] : undefined
  // ours alone have a failure: what the system says is its own
  if (advice === undefined && failure === undefined) return said
  if (advice === undefined) return `${said}\ndocs/errors.md says what ${harmless(String(code))} means, and what to do.`
  return [said, typeof advice === 'string' ? advice : advice(harmlessly(failure ?? {}))].join('\n')
}
/** Names in it begin no lines of their own. */
const harmlessly = (failure: Failure): Failure =>
  Object.fromEntries(Object.entries(failure).map(([key, value]) => [key, typeof value === 'string' ? harmless(value) : value]))

/** What belongs to an error of one of our packages. */
interface Failure {
  readonly path?: string
  readonly folder?: string
  readonly place?: number
  readonly mode?: number
  readonly because?: string
  readonly told?: number | null
  readonly asked?: number
  readonly what?: string
}

/** Why a peer does not begin, or go on, by what its sources said. */
const REFUSED: Readonly<Record<string, string>> = {
  SYNC_OLD:
    'The checkpoints that they name are from long ago. If this machine has the right time, they stood still themselves: give others with --bootstrap, or name a checkpoint with --checkpoint, from whoever you trust.',
  SYNC_OTHER:
    'They name another chain than this folder has: one of the two is false. Ask somebody whom you trust for the hash of a checkpoint, and name it with --checkpoint; or choose another --data.',
  SYNC_UNANSWERED: 'They name a checkpoint, and do not give what belongs to it: give more peers with --bootstrap, or try again later.',
}
const FEW_SOURCES =
  'Too few peers name the same checkpoint, and this network is too old to be followed from its genesis, or from where this peer stopped long ago. Name it with --checkpoint, from whoever you trust, or give more peers with --bootstrap.'
const refused = ({ because = '', told, asked }: Failure): string =>
  [
    ...(told === 0 ? ['Nobody answered: are the peers of --bootstrap running, and can they be reached?'] : []),
    ...(typeof told === 'number' && asked !== undefined && told < asked ? [othersOff(told, asked)] : []),
    REFUSED[because] ?? FEW_SOURCES,
  ].join('\n')
const othersOff = (told: number, asked: number): string =>
  `${told} of ${asked} peers answered. If the network was off, start the others and this one at the same time, as each waits 15 seconds for them; only if that does not help, what follows.`
const GENESIS = 'That is not the genesis of a network: take the file that its founders gave out, as it is.'

const NO_OLD_COPY =
  'A peer goes on with a new --data and a new key: an older copy of the folder lacks what its key signed since, and who signs twice may lose its account.'

const ADVICE: Readonly<Record<string, string | ((failure: Failure) => string)>> = {
  ENOENT: 'Check the path: there is no such file or folder.',
  EACCES: 'This user may not read or write there.',
  EEXIST: 'What is there is not written over: choose another name, or move it away.',
  EADDRINUSE: 'Another program uses that port: choose another with --port, or 0 for any.',
  DATA_IN_USE: 'Another process runs on this folder. Stop it first, or choose another --data.',
  SYNC_REFUSED: refused,
  SYNC_SOURCES:
    'Fewer than two peers, or no more than half of those that answered, name the same checkpoint: give more of them with --bootstrap.',
  SYNC_OLD: REFUSED.SYNC_OLD as string,
  SYNC_UNANSWERED: ({ what }) => `None of the peers of --bootstrap gave what holds (${what}): give more of them, or try again later.`,
  SYNC_TOO_LARGE: 'The state that they give is larger than this version takes: update it.',
  CHAIN_ASLEEP: 'This peer slept for long and asks whether it may go on: try again in a minute.',
  PROGRAM_OLD: 'The network voted for rules that this version does not know: update it, and start again on the same --data.',
  STORED_BLOCK_WRONG:
    'A block on the disk does not hold: look at the disk. With a new --data the chain is fetched again: with a new key, or with the same only if store/ is kept, as a key that forgot what it signed may sign twice, which ends its account.',
  STORED_RECORD_WRONG: `What this peer signed on the chain can not be read from the disk. ${NO_OLD_COPY}`,
  RECORD_UNREADABLE: `What this peer signed in a group can not be read from the disk. ${NO_OLD_COPY}`,
  GENESIS_SYNTAX: GENESIS,
  GENESIS_KEY_UNKNOWN: GENESIS,
  GENESIS_KEY_MISSING: GENESIS,
  GENESIS_VALUE: GENESIS,
  BIND_FAILED: 'It can not listen there: choose another --port, or 0 for any, and a --host of this machine.',
  ADDRESS_SYNTAX: 'That is no address that others could send to: an IP address and a port.',
  SITE_UNKNOWN: 'No site of that name runs: "interpeer chain status" and the network page of a gateway show what does.',
  SITE_UNREACHABLE: 'None of its members answered in time: they may be away, or not reachable from here. Try again later.',
  MEMBER_UNKNOWN: 'That peer is no member of the group now.',
  EXPORT_NOT_EMPTY: 'What is there is not written over: choose an empty folder.',
  STORE_WRITE_FAILED: 'The disk could not be written: look at it, and at the room on it.',
  SYNC_SLEPT: 'This machine slept for long, and the network went on: start the peer again. It then begins at a newer checkpoint.',
  DATA_OTHER_NETWORK: 'This folder belongs to another network. Choose another --data, or the genesis that it was made with.',
  STORE_OTHER_KIND: 'This folder keeps its store in the other kind. Leave out --store and INTERPEER_STORE, or choose another --data.',
  STORE_UNAVAILABLE: ({ folder }) =>
    `There is no store of ours at ${folder}, or lmdb does not run here (musl, for instance): a new folder can have --store sqlite.`,
  CONFIGURATION_INVALID: 'Nothing was published. Correct the file and look again: "interpeer site check FOLDER".',
  IMPORT_OUT_NOT_EMPTY: 'What is there is not written over: choose another --out.',
  IMPORT_OUT_INSIDE: 'The bundle can not lie in the folder that it is made of, nor around it: choose another --out.',
  IMPORT_ROOT_INVALID: 'Give --root the absolute path where the folder lay, such as /var/www/html.',
  IMPORT_DATABASE_THERE: 'The folder has a database there already: move it away, or leave --sql out.',
  IMPORT_CHANGED: 'Something wrote to the folder while it was read: again, when nobody does.',
  IMPORT_NOT_A_FOLDER: 'That is no folder: check the path.',
  TREE_TOO_LARGE:
    'A site holds 100,000 files and folders, and nearly 8 GiB; what looks at a whole folder before it is published takes 1 GiB.',
  SQL_TOKEN: 'The dump was cut short, or is none: make it again.',
  SQL_EMPTY: 'That is no dump of a database with its tables: make one with mysqldump.',
  SQL_CHARSET: 'Make the dump again in UTF-8: mysqldump --default-character-set=utf8mb4.',
  SQL_DATABASES: 'A site has one database: make a dump of that one alone, with "mysqldump NAME".',
  SQL_NAMES_ALIKE: 'SQLite takes the two for one: rename one of them, and what uses it, or leave it out of the dump.',
  SQL_TABLE_UNKNOWN: 'The dump has rows without their table: dump the structure too.',
  JOB_LOGS_REFUSED: 'Only the key that published a site reads its logs: choose the --data that it was published from.',
  PUBLISH_REFUSED: 'Nothing was published. Change what it names and try again.',
  CONTENT_ID_SYNTAX: 'That is no content id: it begins with bafy or bafk and has 59 characters.',
  CAR_MALFORMED: 'The file is no CARv1 archive, or was cut short: bring it again.',
  CAR_TOO_LARGE: 'The archive has a block of more than 1 MiB, or more than can be taken at once.',
  STORE_READ_FAILED: `The database file is damaged: look at the disk. ${NO_OLD_COPY}`,
  RECORD_CORRUPT: `A record on the disk is spoiled: look at the disk. ${NO_OLD_COPY}`,
  CAR_INCOMPLETE: 'Blocks are missing here: fetch them first.',
  CAR_UNSUPPORTED: 'Only CARv1 archives with a root, and blocks of raw bytes or dag-cbor under sha2-256, can be read.',
  STORE_FULL:
    'The disk is full, or --storage is too small for what this peer hosts. Make room and start again: nothing that was acknowledged is lost.',
  KEY_FILE_MISSING: ({ path }) =>
    `There is no key at ${path}. Make one with "interpeer key create", or bring one back with "interpeer key restore".`,
  KEY_FILE_EXISTS: ({ path }) =>
    `There is a key at ${path}, and keys are never overwritten. Choose another --data, or move that file away.`,
  KEY_FILE_MALFORMED: ({ path }) =>
    `${path} holds no key that this version can read. Bring it back from a copy, or move it away and use "interpeer key restore".`,
  KEY_FILE_UNREADABLE: ({ path }) => `${path} could not be read as a file: look at what it is and whose it is.`,
  KEY_FILE_UNWRITABLE: ({ path }) => `${path} could not be written: look at the folder and the room on the disk.`,
  KEY_FILE_OPEN_TO_OTHERS: ({ path }) =>
    `Other users of this machine can read the key: "chmod 600 ${path}", and think of it as known to them.`,
  KEY_FILE_PASSPHRASE_NEEDED:
    'The key is encrypted. Give its passphrase with --passphrase-file or INTERPEER_PASSPHRASE, or run this in a terminal.',
  PASSPHRASE_WRONG:
    'That is not the passphrase, or the file was altered. If it is lost, "interpeer key restore" makes the key anew from its 24 words.',
  PASSPHRASE_UNUSABLE: 'A passphrase has 1 to 1,024 characters.',
  SECRET_TOO_LONG: 'That file is too long for a secret: look whether it is the one you mean.',
  PHRASE_LENGTH: 'A recovery phrase has 24 words: look for one left out or written twice.',
  PHRASE_WORD_UNKNOWN: ({ place }) => `Word ${place} is none of the words that a recovery phrase is made of: look for a slip there.`,
  PHRASE_CHECKSUM: 'Each word exists, but together they are no key: one is another word than on the paper, or two are exchanged.',
}
