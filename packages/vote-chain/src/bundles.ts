import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import type { BundleFields } from './messages.js'
import type { Bundle, Draft, Reasons } from './state.js'

export const fieldsOf = ({ block, ...bundle }: Bundle): BundleFields => ({ ...bundle, block: bytesOfBlock(block) })
/** A bundle as this peer keeps it; certify votes make none, and soft votes only for a block. */
export function bundleOf({ kind, block, ...rest }: BundleFields): Bundle | undefined {
  return kind === 'certify' || (kind === 'soft' && block === null) ? undefined : { ...rest, kind, block: nameOfHash(block) }
}
export const nameOfHash = (block: Uint8Array | null): string | null => (block === null ? null : hexOf(block))
export const bytesOfBlock = (name: string | null): Uint8Array | null => (name === null ? null : bytesOfHex(name))

/** Which reason a bundle is, and of which round: soft votes of their own, next votes of the one after. */
export function reasonOf({ kind, round, block }: Pick<Bundle, 'kind' | 'round' | 'block'>): {
  readonly name: keyof Reasons
  readonly of: number
} {
  if (kind === 'soft') return { name: 'soft', of: round }
  return { name: block === null ? 'none' : 'value', of: round + 1 }
}
/** Whether a bundle says more than this peer knows. */
export function saysMore<S>(d: Pick<Draft<S>, 'round' | 'reasons'>, bundle: Pick<Bundle, 'kind' | 'round' | 'block'>): boolean {
  const { name, of } = reasonOf(bundle)
  return of > d.round || (of === d.round && d.reasons[name] === undefined)
}
export const reasonsOf = (bundles: readonly Bundle[]): Reasons =>
  Object.fromEntries(bundles.map((bundle) => [reasonOf(bundle).name, bundle]))

/** Blocks that bundles bind this peer to, or may. */
export const boundBlocks = ({ reasons }: { readonly reasons: Reasons }): ReadonlySet<string> =>
  new Set([reasons.soft?.block, reasons.value?.block].filter((name) => typeof name === 'string'))
