import {
  canonicalText,
  convertHtaccess,
  faultOf,
  faultText,
  findNode,
  kindOfPath,
  parseConfiguration,
  requestLimits,
  routeOf,
  routeRequest,
  treeOf,
} from '@interpeer/php-runtime-bridge'
import { addressesOf } from '../../../packages/php-runtime-bridge/src/meter/addresses.js'
import { meter } from '../../../packages/php-runtime-bridge/src/meter/meter.js'
import { shapeOf } from '../../../packages/php-runtime-bridge/src/meter/module-shape.js'
import { isSitePath, partsOf } from '../../../packages/php-runtime-bridge/src/path.js'
import { parseResponseHead } from '../../../packages/php-runtime-bridge/src/response-headers.js'
import { phpWith } from '../../../packages/php-runtime-bridge/test/meter/php-like.js'
import { richModule } from '../../../packages/php-runtime-bridge/test/meter/rich-module.js'
import { Broken, bytesOfText, type Target, textOf } from '../src/target.ts'
import { kernelTarget } from './php-kernel.ts'

const site = treeOf(
  ['index.php', 'a/index.html', 'a/b/style.css', 'a/index.php', '.hidden/secret'].map((path) => ({
    path,
    mode: 0o644,
    mtimeS: 1,
    bytes: new Uint8Array(),
  })),
  [],
)

/** The first line of a text, as the path of a folder. */
const folderIn = (text: string): string =>
  text
    .slice(0, Math.max(0, text.indexOf('\n')))
    .split('/')
    .filter((name) => name !== '' && name !== '.' && name !== '..')
    .join('/')
const engine = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly

/** What the engine takes it must take when it is metered; what it refuses it must refuse then, or the meter has read something else than it. */
function checkMetered(input: Uint8Array, made: Uint8Array): void {
  const [before, after] = [engine.validate(input), engine.validate(made)]
  if (before && !after) throw new Broken('a module that cannot be used when it is metered')
  // a custom section is left out, whatever is wrong with it
  if (after && !before && shapeOf(input).sections.every(({ id }) => id !== 0)) throw new Broken('a module that is better metered')
}

export const phpRuntimeBridge: readonly Target[] = [
  {
    name: 'php-runtime-bridge/configuration',
    file: 'packages/php-runtime-bridge/src/configuration/parse.ts',
    errors: [],
    run: (input) => {
      const reading = parseConfiguration(input)
      if (reading.type === 'invalid') {
        if (reading.faults.length === 0 || reading.faults.some((fault) => !/^[ -~]{1,1000}$/.test(faultText(fault))))
          throw new Broken('a fault that cannot be told')
        return
      }
      const text = canonicalText(reading.configuration)
      const again = parseConfiguration(bytesOfText(text))
      if (again.type === 'invalid' || canonicalText(again.configuration) !== text)
        throw new Broken('a canonical text that does not mean itself')
      if (kindOfPath(reading.configuration, 'interpeer.json') !== 'immutable') throw new Broken('a configuration that scripts may change')
    },
    seeds: () =>
      [
        '{}',
        '{"$schema": "x", "php": "8.4", "slots": 3, "mutable": ["data", "a/b"], "scratch": ["data/tmp"], "caches": ["data/cache"], "warmUp": ["/", "/?a"]}',
        '{"mutable": "everything", "extensions": ["intl"], "effects": ["pay", "after", "outbox"]}',
        '{"documentRoot": "web", "router": "r.php", "entry": "/index.php", "errorPages": {"404": "/e.php"}, "maxAge": {"/": 1}}',
        '{"rewrite": ["RewriteCond %{HTTP:X-Y} ^(a|b)$ [NC,OR]", "RewriteCond $1 -d", "RewriteRule \\"^(.*)$\\" /x.php?a=%1&b=$1 [QSA,R=301,L]"]}',
        '{"slots": 1e0, "mutabel": [true, null, -0.5, {"\\u00e9": "\\n"}]}',
      ].map(bytesOfText),
  },
  {
    name: 'php-runtime-bridge/htaccess',
    file: 'packages/php-runtime-bridge/src/htaccess/convert.ts',
    errors: [],
    // rules of any text are taken by the configuration, and lead nowhere that no rule may lead
    run: (input) => {
      // the first line may say where the next lines lie: '@folder'
      const texts = textOf(input.subarray(0, 65_536)).replaceAll('\ufffd', '?').split(/^@/m)
      const files = texts.map((text, i) => ({
        folder: i === 0 ? '' : folderIn(text),
        text: i === 0 ? text : text.slice(text.indexOf('\n') + 1),
      }))
      const { untaken, topLines, ...made } = convertHtaccess(files)
      if (topLines > made.rewrite.length) throw new Broken('more lines of the top than there are')
      if (untaken.some(({ why }) => why === '')) throw new Broken('a line that was left out for no reason')
      const reading = parseConfiguration(bytesOfText(JSON.stringify(made)))
      // all rules together may still be longer than a file
      if (reading.type === 'invalid' && JSON.stringify(made).length > 60_000) return
      if (reading.type === 'invalid') throw new Broken(`rules that no configuration takes: ${reading.faults.map(faultText).join()}`)
      for (const target of ['/', '/a/b/style.css?x', '/A%20B/c.php', '//h/..%2f']) {
        const request = { method: 'GET', target, host: 'h', https: false, headers: [], body: new Uint8Array() }
        const { route } = routeRequest(site, request, reading.configuration)
        if (route.type === 'redirect' && !/^(?:https?:\/\/[!-~]+|\/(?!\/)[!-~]*)$/.test(route.location))
          throw new Broken('a redirect to what is no address')
        if (route.type === 'static' && route.path.includes('.hidden')) throw new Broken('a hidden file')
      }
    },
    seeds: () =>
      [
        'RewriteEngine On\nRewriteBase /\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ index.php?q=$1 [L,QSA]\n',
        '<IfModule mod_rewrite.c>\nRewriteRule "^a b$" https://%{HTTP_HOST}/$1 [R=301,NE]\n</IfModule>\n<FilesMatch "\\.(db|bak)$">\nDeny from all\n</FilesMatch>',
        'RewriteEngine On\nRewriteRule ^(.*)$ i.php?$1 [L]\n@sub/a\nDeny from all\nRewriteRule !x$ y\n@sub\nRewriteOptions inherit\nRewriteBase /z\nRewriteRule (a|b) $1.php\n@sub/a/b\nAllow from all\n',
        'Redirect 301 /old /new\nRedirectMatch gone ^/x\nErrorDocument 404 /404.html\nFallbackResource /index.php\nExpiresDefault "access plus 1 day"\n',
      ].map(bytesOfText),
  },
  {
    name: 'php-runtime-bridge/response-head',
    file: 'packages/php-runtime-bridge/src/response-headers.ts',
    errors: [],
    run: (input) => {
      for (const [name, value] of parseResponseHead(textOf(input))?.headers ?? []) {
        if (/[\r\n\0]/.test(name + value)) throw new Broken('a header of two lines')
      }
    },
    seeds: () => [bytesOfText('{"status": 200, "headers": ["Content-type: text/html", "Set-Cookie: a=b", "__terminator__"]}')],
  },
  {
    name: 'php-runtime-bridge/route',
    file: 'packages/php-runtime-bridge/src/route.ts',
    errors: [],
    run: (input) => {
      const route = routeOf(site, textOf(input))
      if (route.type === 'script' && findNode(site, route.script)?.kind !== 'file') throw new Broken('a script that is not there')
      if (route.type !== 'missing' && JSON.stringify([route.type === 'script' ? route.script : route.path]).includes('.hidden')) {
        throw new Broken('a hidden file is served')
      }
    },
    seeds: () =>
      ['/', '/a/', '/a/b/style.css', '/a/x/y/', '/.hidden/secret', '/a/%2e%2e/%2ehidden/secret', '/%ff', '//a//b'].map(bytesOfText),
  },
  {
    name: 'php-runtime-bridge/request',
    file: 'packages/php-runtime-bridge/src/request.ts',
    errors: [],
    run: (input) => {
      const [method = '', target = '', host = '', name = '', value = ''] = textOf(input).split('\n')
      const request = { method, target, host, https: false, headers: [[name, value] as const], body: input }
      if (faultOf(request) === undefined && /[\r\n\0]/.test(method + target + host + name + value)) throw new Broken('a control character')
      faultOf(request, { ...requestLimits, bodyBytesMax: 10 })
    },
    seeds: () => [bytesOfText('GET\n/index.php?a=b\nsite.localhost:80\naccept\ttext/html\n')],
  },
  {
    name: 'php-runtime-bridge/path',
    file: 'packages/php-runtime-bridge/src/path.ts',
    errors: [],
    run: (input) => {
      const path = textOf(input)
      if (isSitePath(path) && partsOf(path).join('/') !== path) throw new Broken('a path of a site that leads elsewhere')
    },
    seeds: () => ['data/wiki.sqlite', '../a', 'a/./b', '/a'].map(bytesOfText),
  },
  {
    name: 'php-runtime-bridge/meter',
    file: 'packages/php-runtime-bridge/src/meter/meter.ts',
    errors: ['PhpRuntimeError'],
    run: (input) => checkMetered(input, meter(input, { stack: { floor: 1024, top: 65_536 } }).bytes),
    seeds: () => [richModule(), richModule({ customSections: false })],
  },
  {
    name: 'php-runtime-bridge/meter-side',
    file: 'packages/php-runtime-bridge/src/meter/sections.ts',
    errors: ['PhpRuntimeError'],
    run: (input) => checkMetered(input, meter(input, { kind: 'side', stack: { floor: 1024, top: 65_536 } }).bytes),
    seeds: () => [richModule(), richModule({ customSections: false })],
  },
  {
    name: 'php-runtime-bridge/addresses',
    file: 'packages/php-runtime-bridge/src/meter/addresses.ts',
    errors: ['PhpRuntimeError'],
    run: (input) => void addressesOf(input),
    seeds: () => [phpWith()],
  },
  kernelTarget('php-runtime-bridge/kernel'),
]
