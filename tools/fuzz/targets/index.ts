import type { Target } from '../src/target.ts'
import { checkpoints } from './checkpoints.ts'
import { contentStore } from './content-store.ts'
import { cryptoIds } from './crypto-ids.ts'
import { gateway } from './gateway.ts'
import { intercoinLedger, jobScheduler } from './jobs.ts'
import { peerGroupJury } from './jury.ts'
import { overlay } from './overlay.ts'
import { peer } from './peer.ts'
import { peerGroup } from './peer-group.ts'
import { peerGroupOwnWork } from './peer-group-own-work.ts'
import { peerGroupRequests } from './peer-group-requests.ts'
import { phpHostCalls } from './php-host-calls.ts'
import { phpRuntimeBridge } from './php-runtime-bridge.ts'
import { provenRecords } from './proven.ts'
import { seeder } from './seeder.ts'
import { voteChain } from './vote-chain.ts'
import { wireCodec } from './wire-codec.ts'

/** Every decoder that takes bytes from outside. A new one is one entry in the file of its package. */
export const targets: readonly Target[] = [
  ...wireCodec,
  ...cryptoIds,
  ...contentStore,
  ...overlay,
  ...peerGroup,
  ...peerGroupJury,
  ...peerGroupOwnWork,
  ...peerGroupRequests,
  ...voteChain,
  ...jobScheduler,
  ...intercoinLedger,
  ...provenRecords,
  ...peer,
  ...checkpoints,
  ...phpHostCalls,
  ...phpRuntimeBridge,
  ...gateway,
  ...seeder,
]
