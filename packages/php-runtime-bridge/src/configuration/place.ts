/** Line and column of an offset in a text, both from 1; columns in UTF-16 units. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at)
  const lastNewline = before.lastIndexOf('\n')
  return { line: before.split('\n').length, column: at - lastNewline }
}
