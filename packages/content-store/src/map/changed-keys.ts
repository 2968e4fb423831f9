/**
 * The keys of what was added, changed or deleted between two Maps of values that nobody alters: the same value is the same object. Each
 * once, in no order that means something. What is to become of a map then takes an edit for each.
 */
export function changedKeys<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): readonly K[] {
  if (before === after) return []
  const changed: K[] = []
  let kept = 0
  for (const [key, value] of after) {
    const old = before.get(key)
    if (old !== undefined || before.has(key)) kept++
    if (old !== value || (value === undefined && !before.has(key))) changed.push(key)
  }
  if (kept === before.size) return changed // nothing was deleted
  for (const key of before.keys()) if (!after.has(key)) changed.push(key)
  return changed
}
