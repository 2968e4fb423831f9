import { PhpRuntimeError } from '../errors.js'

/** A side module and PHP do not fit together: both are pinned, so this says that one of them is not what it should be. */
export function linkFailed(side: string, detail: string): never {
  throw new PhpRuntimeError({ code: 'LINK_FAILED', side, detail })
}
