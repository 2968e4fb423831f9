import ts from 'typescript'
import type { SourceFile } from './workspace.js'

/** What would make the same input give another output, or act on the world: `design.md` §2, "pure". */
const IMPURE_GLOBALS = new Set([
  'Date',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'crypto',
  'fetch',
  'console',
  'navigator',
  'localStorage',
  'WebSocket',
  'Worker',
  'globalThis',
  'window',
  'self',
  'global',
  'require',
  'eval',
  'Intl', // formats by the host's locale
])
const IMPURE_MEMBERS = new Set(['Math.random', 'Atomics.wait', 'import.meta'])
/** Depends on the host's locale: sort by code unit instead. */
const IMPURE_METHODS = new Set([
  'localeCompare',
  'toLocaleString',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
  'toLocaleDateString',
  'toLocaleTimeString',
])

/** One line for each use of a clock, dice, timer, environment or shell in a source that has to be pure. */
export function purityFaults({ path, text }: SourceFile): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  const declared = declaredNames(source)
  const faults: string[] = []
  const report = (node: ts.Node, what: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
    faults.push(`${path}:${line + 1} ${what}`)
  }
  const visit = (node: ts.Node): void => {
    const shell = shellImport(node)
    if (shell !== undefined) report(node, `imports ${shell}`)
    else if (ts.isMetaProperty(node)) report(node, 'uses import.meta')
    else if (ts.isPropertyAccessExpression(node) && IMPURE_MEMBERS.has(`${node.expression.getText(source)}.${node.name.text}`)) {
      report(node, `uses ${node.getText(source)}`)
    } else if (isMathByItself(node)) report(node, 'uses Math other than as Math.NAME')
    else if (ts.isPropertyAccessExpression(node) && IMPURE_METHODS.has(node.name.text)) report(node, `uses ${node.name.text}`)
    else if (ts.isIdentifier(node) && IMPURE_GLOBALS.has(node.text) && !declared.has(node.text) && isReference(node)) {
      report(node, `uses ${node.text}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return faults
}

function shellImport(node: ts.Node): string | undefined {
  const isImport = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  const specifier = isImport ? node.moduleSpecifier : isDynamic ? node.arguments[0] : undefined
  if (specifier === undefined || !ts.isStringLiteral(specifier)) return undefined
  return /^node:|\/node(\/|$)/.test(specifier.text) ? specifier.text : undefined
}

/** `Math['random']`, `const { random } = Math`: what is taken from it does not show. */
const isMathByItself = (node: ts.Node): boolean =>
  ts.isIdentifier(node) && node.text === 'Math' && isReference(node) && !ts.isPropertyAccessExpression(node.parent)

/** A name that stands for a value of its own, not for a member, a property or a part of a type. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) return parent.name !== node
  if (ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) return false
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent))
    return false
  if (ts.isBindingElement(parent)) return parent.propertyName !== node
  return !ts.isLiteralTypeNode(parent) && !ts.isNamedTupleMember(parent)
}

/** Names that the file gives a meaning of its own, such as a parameter `fetch`. */
function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node)
    if (declares && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names
}
