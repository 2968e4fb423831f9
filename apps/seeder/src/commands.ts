import { GROUP_SIZE_DEFAULT } from '@interpeer/peer-group'
import { SETTINGS } from '@interpeer/vote-chain'
import { Command, Help, Option } from 'commander'
import { payCoins, showAccount } from './account-commands.js'
import { type ProofOptions, proveFromChain, showChain, verifyChain } from './chain-commands.js'
import type { ChainOptions, SignerOptions } from './chain-peer.js'
import { listChanges, type ProposeOptions, proposeChange, voteOnChange } from './change-commands.js'
import {
  bootstrap,
  checkpoint,
  collect,
  collectRoots,
  data,
  encrypt,
  genesis,
  groupSize,
  host,
  hostAndPort,
  json,
  passphraseFile,
  percentage,
  reachable,
  storageSize,
  store,
  wholeNumber,
} from './command-options.js'
import { type ContentOptions, exportContent, importContent } from './content.js'
import { type CreateNetworkOptions, createNetwork } from './create-network.js'
import { type DevOptions, startDev } from './dev/start-dev.js'
import { type ImportCommandOptions, runImport } from './import/run-import.js'
import { type JobLogsOptions, showJobLogs } from './job-logs.js'
import { type JoinOptions, joinNetwork } from './join.js'
import {
  createKey,
  type EncryptOptions,
  encryptKeyFile,
  type KeyOptions,
  type NewKeyOptions,
  type RestoreOptions,
  restoreKey,
  showKey,
  showPhrase,
} from './key.js'
import { type LintOptions, lintSite } from './lint/lint-site.js'
import { type OddsOptions, showOdds } from './odds.js'
import type { PassphraseOptions } from './passphrase.js'
import { commanderOutput } from './print.js'
import { type PublishOptions, publishSite } from './publish-site.js'
import { type CheckOptions, checkSite, printSchema } from './site-check.js'
import { type SeederOptions, startSeeder } from './start-seeder.js'
import { switchOption } from './switch-option.js'
import { versionText } from './version.js'

/** Commander's own text, and whether the option has to be given. */
const described = (option: Option): string => `${Help.prototype.optionDescription(option)}${option.mandatory ? ' (required)' : ''}`

/** `interpeer NOUN VERB`. */
export function program(): Command {
  const root = new Command('interpeer')
    .description('Interpeer: a web without owners')
    .version(versionText(), '--version', 'print the version of this program')
    .configureOutput(commanderOutput)
    .configureHelp({ optionDescription: described })
    .exitOverride()
    .showHelpAfterError()
  const noun = (name: string, description: string): Command => root.command(name).description(description)

  const key = noun('key', 'the key of a peer or an uploader')
  key
    .command('create')
    .description('make a key, unless the folder has one; encrypted where a passphrase is given or asked for')
    .addOption(data())
    .addOption(encrypt())
    .addOption(passphraseFile())
    .addOption(json())
    .action((options: NewKeyOptions) => createKey(options))
  key
    .command('show')
    .description('print the PeerId of a folder')
    .addOption(data())
    .addOption(json())
    .action((options: KeyOptions) => showKey(options))
  key
    .command('encrypt')
    .description('set the passphrase of a key, or another one')
    .addOption(data())
    .addOption(passphraseFile())
    .option(
      '--new-passphrase-file <file>',
      'file with the new passphrase in its first line (else INTERPEER_NEW_PASSPHRASE, or the terminal)',
    )
    .addOption(json())
    .action((options: EncryptOptions) => encryptKeyFile(options))
  key
    .command('phrase')
    .description('print the key as 24 words, to be kept on paper')
    .addOption(data())
    .addOption(passphraseFile())
    .addOption(json())
    .action((options: KeyOptions & PassphraseOptions) => showPhrase(options))
  key
    .command('restore')
    .description('make the key of a folder from its 24 words')
    .addOption(data())
    .option('--phrase-file <file>', 'file with the words; else they are asked for, or read from stdin')
    .addOption(encrypt())
    .addOption(passphraseFile())
    .addOption(json())
    .action((options: RestoreOptions) => restoreKey(options))

  noun('network', 'a network of peers')
    .command('create')
    .description('write the genesis of a new network')
    .requiredOption('--out <file>', 'where to write it')
    .addOption(new Option('--peer <peer>', 'a founding peer; may be repeated').argParser(collect).makeOptionMandatory())
    .addOption(
      new Option('--balance <peer=coins>', 'coins that a peer starts with; may be repeated').argParser(collect).default([], 'none'),
    )
    .addOption(new Option('--cycle-ms <ms>', 'time between blocks').argParser(wholeNumber(100, 3_600_000)).default(3000))
    .addOption(new Option('--tenure-ms <ms>', 'time that a peer stays in a seat').argParser(wholeNumber(500, 86_400_000)).default(75_000))
    .addOption(new Option('--set <name=value>', 'a setting and another value than the usual one; may be repeated').argParser(collect))
    .addOption(json())
    .action((options: CreateNetworkOptions) => createNetwork(options))

  const peer = noun('peer', 'a peer of the network')
  peer
    .command('start')
    .description('seed: run the sites that the lottery assigns, and earn')
    .addOption(data())
    .addOption(passphraseFile())
    .addOption(store())
    .addOption(genesis())
    .addOption(bootstrap())
    .addOption(checkpoint())
    .addOption(host())
    .addOption(new Option('--port <port>', 'UDP port, 0 for any').argParser(wholeNumber(0, 65_535)).env('INTERPEER_PORT').default(0))
    .addOption(
      new Option('--advertise <host:port>', 'where others reach this peer, if not where it listens: behind a port-forward')
        .argParser(reachable)
        .env('INTERPEER_ADVERTISE'),
    )
    .addOption(
      new Option('--storage <size>', 'most that the store may take, such as 64GB; default: all that the disk has')
        .argParser(storageSize)
        .env('INTERPEER_STORAGE'),
    )
    .addOption(
      new Option('--guard-ms <ms>', 'longest run of a script before this peer abstains')
        .argParser(wholeNumber(100, 600_000))
        .default(10_000),
    )
    .addOption(
      new Option(
        '--outbox-smtp <host:port>',
        'mail server that sends the mail of the sites hosted here, with INTERPEER_OUTBOX_SMTP_USER and _PASSWORD (default: this peer sends none)',
      )
        .argParser(hostAndPort)
        .env('INTERPEER_OUTBOX_SMTP'),
    )
    .addOption(
      new Option('--outbox-from <address>', 'who that mail is from, to the mail server')
        .env('INTERPEER_OUTBOX_FROM')
        .default('interpeer@localhost'),
    )
    .addOption(switchOption('--outbox-http', 'send HTTP requests of the sites hosted here, to public addresses', 'INTERPEER_OUTBOX_HTTP'))
    .addOption(
      switchOption(
        '--outbox-private',
        'send them to private addresses too: whatever this machine reaches, sites reach',
        'INTERPEER_OUTBOX_PRIVATE',
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(['error', 'warn', 'info', 'debug'])
        .env('INTERPEER_LOG_LEVEL')
        .default('info'),
    )
    .action((options: SeederOptions) => startSeeder(options))

  const site = noun('site', 'a site on the network')
  site
    .command('check <folder>')
    .description(
      'look whether a folder could be published: print the configuration that its interpeer.json means, or what is wrong with it',
    )
    .addOption(json())
    .action((folder: string, options: CheckOptions) => checkSite(folder, options))
  site
    .command('import <folder>')
    .description(
      'make a site of a folder of PHP, and of a dump of its MySQL database: a new folder with an interpeer.json, and what will not work',
    )
    .requiredOption('--out <folder>', 'where to make it: a new folder, or an empty one')
    .option('--sql <file>', 'a dump that mysqldump or phpMyAdmin wrote, plain or gzipped: it becomes an SQLite database')
    .addOption(
      new Option('--root <path>', 'where the folder lay before, if its settings do not say; may be repeated')
        .argParser(collectRoots)
        .default([], 'none'),
    )
    .addOption(json())
    .action((folder: string, options: ImportCommandOptions) => runImport(folder, options))
  site
    .command('lint <folder>')
    .description('say what of a folder would not run, what hosts could read, and which views write; exit code 2 where there are errors')
    .addOption(
      new Option('--view <target>', 'a page to visit, such as /?p=1; may be repeated')
        .argParser(collect)
        .default([], 'the warm-up requests'),
    )
    .option('--no-run', 'look at the files alone')
    .option('--strict', 'exit code 2 for warnings too')
    .option('--cache <folder>', 'where to keep what takes a second to make; default: the cache of this user')
    .addOption(new Option('--guard-ms <ms>', 'longest run of a script').argParser(wholeNumber(100, 600_000)).default(60_000))
    .addOption(json())
    .action((folder: string, options: LintOptions) => lintSite(folder, options))
  site
    .command('schema')
    .description('print the JSON Schema of interpeer.json, for editors')
    .action(() => printSchema())
  site
    .command('dev <folder>')
    .description('run a folder as a site on this machine alone, as its group would: a line for each request says what it cost and changed')
    .addOption(
      new Option('--port <port>', 'HTTP port; the next free one if taken, 0 for any').argParser(wholeNumber(0, 65_535)).default(8000),
    )
    .option('--keep <folder>', 'keep what scripts write in that folder; default: in memory, until it is stopped')
    .option('--write-back', 'write what scripts write into the folder of the site too')
    .option('--explain', 'run each request again, to say what the configuration refused and what scratch did; tell all changes, with sizes')
    .option('--cache <folder>', 'where to keep what takes a second to make; default: the cache of this user')
    .addOption(new Option('--guard-ms <ms>', 'longest run of a script').argParser(wholeNumber(100, 600_000)).default(60_000))
    .addOption(json())
    .action((folder: string, options: DevOptions) => startDev(folder, options))
  site
    .command('publish <folder>')
    .description('publish a folder of PHP as a site; stays until the group serves it')
    .addOption(data())
    .addOption(passphraseFile())
    .addOption(store())
    .addOption(genesis())
    .addOption(bootstrap())
    .addOption(checkpoint())
    .addOption(host())
    .requiredOption('--name <name>', 'what visitors call it: NAME.gateway')
    .addOption(new Option('--group <peers>', 'how many peers run it').argParser(groupSize).default(GROUP_SIZE_DEFAULT))
    .addOption(new Option('--escrow <coins>', 'coins set aside to pay for it').argParser(wholeNumber(1, 1_000_000_000)).default(1000))
    .addOption(json())
    .action((folder: string, options: PublishOptions) => publishSite(folder, options))

  noun('job', 'what runs a site on the network')
    .command('logs <name>')
    .description("print what a site's scripts wrote to PHP's error log, with fuel and memory of each request; for who published it")
    .addOption(data())
    .addOption(passphraseFile())
    .addOption(store())
    .addOption(genesis())
    .addOption(bootstrap())
    .addOption(checkpoint())
    .addOption(host())
    .option('--follow', 'go on until stopped')
    .option('--errors', 'only what a script complained about, what failed, and what a member gave up')
    .addOption(json())
    .action((name: string, options: JobLogsOptions) => showJobLogs(name, options))

  noun('group', 'the group of peers that runs a site')
    .command('odds')
    .description('how likely a group is in the hands of peers that collude: what a size is good for')
    .addOption(new Option('--size <peers>', 'one size, 1 to 31, with all there is to say; default: a line for each').argParser(groupSize))
    .addOption(new Option('--traitors <share>', 'share of all peers that collude').argParser(percentage).default(200_000, '20%'))
    .addOption(
      new Option('--peers <count>', 'peers in all; default: so many that a draw changes nothing').argParser(wholeNumber(1, 2 ** 40)),
    )
    .addOption(new Option('--silent <share>', "share of honest members that can't be reached").argParser(percentage).default(10_000, '1%'))
    .addOption(
      new Option('--tenure-ms <ms>', 'time that a peer stays in a seat')
        .argParser(wholeNumber(SETTINGS.tenureMs.min, SETTINGS.tenureMs.max))
        .default(SETTINGS.tenureMs.usual),
    )
    .addOption(json())
    .action((options: OddsOptions) => showOdds(options))

  const follows = (command: Command): Command =>
    command
      .addOption(data())
      .addOption(passphraseFile())
      .addOption(store())
      .addOption(genesis())
      .addOption(bootstrap())
      .addOption(checkpoint())
      .addOption(host())
      .addOption(json())
  const peerData = () =>
    new Option('--peer-data <folder>', 'folder of the peer that signs, if it is not --data: a running peer keeps its own locked')
  follows(
    peer.command('join').description('register a key on the chain, so that it gets seats and votes; its account pays the joining cost'),
  )
    .addOption(
      new Option('--slots <seats>', 'most seats at once; default: as many as the network allows').argParser(
        wholeNumber(0, SETTINGS.slotsMax.max),
      ),
    )
    .addOption(peerData())
    .action((options: JoinOptions) => joinNetwork(options))

  const chain = noun('chain', 'the record that all peers agree on')
  follows(chain.command('status').description('print height, settings, and how many change requests are open')).action(
    (options: ChainOptions) => showChain(options),
  )
  follows(
    chain.command('verify').description('follow the chain from its first block, check all of it, and print the hash of the last block'),
  ).action((options: ChainOptions) => verifyChain(options))
  follows(
    chain
      .command('proof <what> [name]')
      .description(
        'prove an account, the supply, a setting, change, peer, ticket or job to who knows the hash of the last block; or a seat (SITE/NUMBER) to who knows that of the block that drew it',
      ),
  )
    .addOption(new Option('--light', 'as of the newest checkpoint, by the peers of --bootstrap, without following the chain'))
    .addOption(new Option('--ask', 'of a seat: as its group or another peer proves it, without all blocks from the first one'))
    .action((what: string, name: string | undefined, options: ProofOptions) => proveFromChain(what, name, options))

  const account = noun('account', 'coins: what an account holds, and paying')
  follows(
    account
      .command('show [whose]')
      .description('print what an account holds: a peer, a site by its name, an account id; default: of the key that signs'),
  )
    .addOption(peerData())
    .action((whose: string | undefined, options: SignerOptions) => showAccount(whose, options))
  follows(
    account
      .command('pay <to> <coins>')
      .description(
        'pay a peer, an account id, or a site by its name (a donation), from the account of the key that signs; the tax comes on top',
      ),
  )
    .addOption(peerData())
    .action((to: string, coins: string, options: SignerOptions) => payCoins(to, coins, options))

  const change = noun('change', "changes of the network's settings")
  follows(change.command('list').description('print the requests, what they change, and how votes stand')).action((options: ChainOptions) =>
    listChanges(options),
  )
  follows(change.command('propose').description('ask for other values of settings; any peer that may vote can, for a fee'))
    .addOption(new Option('--set <name=value>', 'a setting and its new value; may be repeated').argParser(collect).makeOptionMandatory())
    .addOption(new Option('--reason <text>', 'why, for those who vote').default('', 'none'))
    .addOption(
      new Option('--in-cycles <cycles>', 'from when on; default: as soon as may be').argParser(
        wholeNumber(1, SETTINGS.changeCyclesMin.max),
      ),
    )
    .addOption(peerData())
    .action((options: ProposeOptions) => proposeChange(options))
  follows(change.command('vote <id> <vote>').description('vote yes or no, or change your vote'))
    .addOption(peerData())
    .action((id: string, vote: string, options: SignerOptions) => voteOnChange(id, vote, options))

  const content = noun('content', 'what the folder of a stopped peer holds, as CAR files')
  content
    .command('export <root> <file>')
    .description('write everything under a root to a new file')
    .addOption(data())
    .addOption(json())
    .action((cid: string, file: string, options: ContentOptions) => exportContent(cid, file, options))
  content
    .command('import <file>')
    .description('store what a file has, checked; it goes an hour after the peer starts, unless something refers to it')
    .addOption(data())
    .addOption(json())
    .action((file: string, options: ContentOptions) => importContent(file, options))

  return root
}
