export { applyChanges, type BuiltTree, buildTree } from './apply-changes.js'
export {
  asBlockstore,
  type Blockstore,
  type BlockstoreInput,
  type BlockstoreMany,
  type BlockstoreOptions,
  type BlockstorePair,
} from './as-blockstore.js'
export { AUDIT_DEADLINE_MS, type Audit, type Audited, type AuditOutcome, judgeAudit, openAudit } from './audits/audit.js'
export { AuditProver } from './audits/audit-prover.js'
export { type Below, Inspection } from './audits/inspection.js'
export { AUDIT_MAX_BLOCKS, type AuditBlocks, type AuditDigests, auditBlocks, auditDigest, auditDigests } from './audits/messages.js'
export type { Missing } from './block-source.js'
export {
  BLOCK_MAX_BYTES,
  type Block,
  type BlockCounters,
  type BlockStore,
  blockOf,
  type GetBlock,
  isContentOf,
  type PutOptions,
} from './blocks.js'
export { CHUNK_BYTES, FILE_MAX_BYTES, LARGE_CHUNK_BYTES } from './chunks.js'
export { diffTrees, type TreeChange, type TreeDiff, type TreeNode, type TreeRange } from './diff-trees.js'
export { ContentStoreError, type ContentStoreFailure, type Lie, type PeerConduct, type SourceReport, type StoreKind } from './errors.js'
export { type BlockServer, type BlockServerOptions, openBlockServer } from './exchange/block-server.js'
export { ExchangeCore } from './exchange/exchange-core.js'
export type { ExchangeEffect, ExchangeEvent, Fetched, FetchOrder, FetchProgress, FoundBlock } from './exchange/exchange-events.js'
export {
  type BlocksReply,
  blocksReply,
  type ContentBusy,
  contentBusy,
  REPLY_MAX_BYTES,
  WANT_MAX_BLOCKS,
  type WantBlocks,
  wantBlocks,
} from './exchange/messages.js'
export { type Clock, type Exchange, type ExchangeOptions, type FetchOptions, openExchange, type Signal } from './exchange/open-exchange.js'
export { ServingCore, type ServingEffect, type ServingEvent } from './exchange/serving-core.js'
export type { DirectoryEntry, FileChange, FileEntry, FilePatch } from './files.js'
export { changedKeys } from './map/changed-keys.js'
export { checkAt, checkEntry, type Proven } from './map/check-proof.js'
export { diffMaps, type MapChange, type MapDiff } from './map/diff-maps.js'
export { type EditedMap, editMap, type MapEdit, type MapPut } from './map/edit-map.js'
export { editHeldMap, emptyHeldMap, type HeldMap, readHeldMap } from './map/held-map.js'
export { holdMap, type MapHolding } from './map/hold-map.js'
export { KEY_MAX_BYTES } from './map/keys.js'
export { createMapCache, MAP_CACHE_DEFAULT_BYTES, type MapCache } from './map/map-cache.js'
export { PROOF_MAX_BYTES } from './map/map-proof.js'
export { emptyMap, type MapRoot } from './map/map-source.js'
export type { MapRange } from './map/pages.js'
export { proveAt, proveEntry } from './map/prove.js'
export { type MapEntry, type PlacedEntry, readAt, readEntry, readTotal } from './map/read-map.js'
export { type MapPage, readRange } from './map/read-range.js'
export { type ContentStore, memoryBlockStore, memoryStore, type StoreOptions } from './memory-store.js'
export { type OpenFile, type OpenTree, openTree } from './open-tree.js'
export { type FileListing, listTree, readFile, readTree, type TreeFiles, type TreeListing } from './read-tree.js'
export { RECORD_MAX_BYTES, type RecordStore } from './records.js'
export {
  CLAIM_MAX_MS,
  CLAIM_ROOTS_MAX,
  type Claim,
  type ClaimTerms,
  type ContentClaim,
  contentClaim,
  openClaim,
  signClaim,
} from './references/claim.js'
export {
  CLAIMS_MAX,
  CLAIMS_PER_JOB_MAX,
  type ClaimBook,
  type ClaimRules,
  claimedRoots,
  emptyClaimBook,
  forgetClaims,
  jobsReferringTo,
  openClaimBook,
  type TakenClaim,
  takeClaim,
} from './references/claim-book.js'
export { type Collected, type Collector, type CollectorOptions, openCollector } from './references/collector.js'
export type { LiveRoots } from './references/mark.js'
export type { SymlinkEntry } from './symlinks.js'
export type { TreeLimits } from './tree-limits.js'
export { linksOf, missingBlocks, reachableBlocks } from './walk.js'
