import { memoryLimitMiBOf, SLOT, type SlotLimits } from '../limits.js'
import { RESOLVE_NAMES } from '../php-ini.js'
import type { ScriptRequest } from '../request.js'
import type { ServerVariables } from '../server-variables.js'
import type { PhpInstance } from './php-instance.js'

/** Hands one request to PHP's SAPI layer and runs it to its end. @returns PHP's exit status */
export function runScript(php: PhpInstance, request: ScriptRequest, given: ServerVariables, limits: SlotLimits): number {
  const { method, target, host, body } = request
  const set = (setter: string, text: string) => php.withText(text, php.function(setter))
  // what php.ini says is one slot's
  if (memoryLimitMiBOf(limits) !== memoryLimitMiBOf(SLOT)) alterSetting(php, 'memory_limit', `${memoryLimitMiBOf(limits)}M`)
  if (php.warmsUp) alterSetting(php, ...RESOLVE_NAMES)
  set('wasm_set_request_uri', target)
  set('wasm_set_query_string', given.query)
  set('wasm_set_request_method', method)
  set('wasm_set_request_host', host)
  php.function('wasm_set_request_port')(Number(given.variables.get('SERVER_PORT')))
  if (given.cookies !== undefined) set('wasm_set_cookies', given.cookies)
  if (given.contentType !== undefined) set('wasm_set_content_type', given.contentType)
  if (body.length > 0) {
    const at = php.kernel.guest.malloc(body.length + 1)
    const target = php.kernel.memory.writable(at, body.length + 1)
    target.set(body)
    target[body.length] = 0
    php.function('wasm_set_request_body')(at)
    php.function('wasm_set_content_length')(body.length)
  }
  set('wasm_set_path_translated', given.script)
  const addVariable = php.function('wasm_add_SERVER_entry')
  for (const [name, value] of given.variables) addVariable(php.kept(name), php.kept(value))
  return php.handleRequest()
}

const INI_SYSTEM = 4
const STAGE_ACTIVATE = 4

/** As php.ini would have it, for this request; scripts can read it. */
function alterSetting(php: PhpInstance, setting: string, value: string): void {
  php.withText(setting, (nameAt) => {
    const name = php.function('zend_strpprintf')(0, nameAt as number, 0)
    php.withText(value, (at) => php.function('zend_alter_ini_entry_chars')(name, at as number, value.length, INI_SYSTEM, STAGE_ACTIVATE))
    return 0
  })
}
