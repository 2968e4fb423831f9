import { OWNER } from './pages.ts'
import type { Visitor } from './visitors.ts'

export async function logIn(visitor: Visitor): Promise<void> {
  const { text } = await visitor.ask('/index.php?title=Special:UserLogin')
  const form = { ...hiddenFieldsOf(text), wpName: OWNER.admin, wpPassword: OWNER.password }
  const { status } = await visitor.ask('/index.php?title=Special:UserLogin', form)
  if (status !== 302) throw new Error(`MediaWiki let nobody in: ${status}`)
}

/** Makes a new page by the form that a browser gets, which is asked for before the time runs. */
export async function edit(visitor: Visitor, page: string): Promise<number> {
  const form = await visitor.ask(`/index.php?title=${page}&action=edit`)
  const text = `'''${page}''' is about [[Main Page|peers]].\n\n== Garden ==\n* Tomatoes want sun.\n* [[${page} 2]] wants water.\n\n[[Category:Garden]]\n`
  const fields = { ...hiddenFieldsOf(form.text), wpTextbox1: text, wpSummary: 'a benchmark', wpSave: 'Save page' }
  const { ms, status, text: answer } = await visitor.ask(`/index.php?title=${page}&action=submit`, fields)
  if (status !== 302) throw new Error(`an edit was answered with ${status}: ${answer.slice(0, 500)}`)
  return ms
}

function hiddenFieldsOf(page: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [input] of page.matchAll(/<input[^>]*type=["']hidden["'][^>]*>/g)) {
    const attributeOf = (name: string) =>
      new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)')`)
        .exec(input)
        ?.slice(1)
        .find((one) => one !== undefined)
    fields[plain(attributeOf('name') ?? '')] = plain(attributeOf('value') ?? '')
  }
  // the search form's: the address says which page is meant
  delete fields.title
  return fields
}

const plain = (text: string): string =>
  text.replaceAll(/&(quot|amp|lt|gt|#0?39);/g, (_, name) => ({ quot: '"', amp: '&', lt: '<', gt: '>' })[name as string] ?? "'")
