export { contentTypeOf } from './content-types.js'
export { PhpRuntimeError, type PhpRuntimeFailure } from './errors.js'
export {
  deriveTree,
  findNode,
  type TreeDirectory,
  type TreeFile,
  type TreeNode,
  treeOf,
} from './file-tree.js'
export type { DirectoryEntry, FileChange, FileEntry } from './files.js'
export { SLOT, SLOTS_MAX, type SlotLimits, slotsOf } from './limits.js'
export { type Abstained, type AbstainReason, type AnswerCode, type Answered, answerCodes, type ScriptOutcome } from './outcome.js'
export { phpIni, SESSION_FOLDER, SITE_FOLDER } from './php-ini.js'
export { faultOf, type RequestLimits, requestLimits, type ScriptRequest } from './request.js'
export { documentRootOf, type Route, routeOf } from './route.js'
