import { PhpRuntimeError } from '../errors.js'
import type { AbstainReason, AnswerCode } from '../outcome.js'

export type HaltReason =
  | { readonly type: 'exit'; readonly status: number }
  | { readonly type: 'answer'; readonly code: AnswerCode }
  | { readonly type: 'abstain'; readonly reason: AbstainReason }

/** Thrown out of a system call to end the script. It stays noted in the kernel: C++ frames in the way could swallow it. */
export class ScriptHalt extends Error {
  readonly reason: HaltReason

  constructor(reason: HaltReason) {
    super(reason.type)
    this.reason = reason
  }
}

/** Errors that another machine, or this one on another day, would not have had. */
export function hostTroubleOf(error: unknown): (HaltReason & { type: 'abstain' }) | undefined {
  if (error instanceof PhpRuntimeError && error.code === 'PAGE_UNREAD') return { type: 'abstain', reason: 'HOST_DISK' }
  if (!(error instanceof RangeError)) return undefined
  if (error.message.includes('call stack')) return { type: 'abstain', reason: 'HOST_STACK' }
  // of buffers, of a new instance's memory, of one that is to grow
  return /allocat|grow instance memory|out of memory/i.test(error.message) ? { type: 'abstain', reason: 'HOST_MEMORY' } : undefined
}
