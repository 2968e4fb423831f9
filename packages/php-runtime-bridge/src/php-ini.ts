import type { ExtensionName } from './configuration/fields.js'
import { LIBRARY_PATH } from './host-calls/php-library.js'
import { memoryLimitMiBOf, SLOT } from './limits.js'

/** Where a site is in the file system that PHP sees, and where its sessions are: inside the site, so that they outlive a request. */
export const SITE_FOLDER = '/site'
export const SESSION_FOLDER = `${SITE_FOLDER}/.interpeer/sessions`
export const INI_PATH = '/internal/shared/php.ini'
export const OPENSSL_PATH = '/internal/shared/openssl.cnf'
export const BLACKLIST_PATH = '/internal/shared/opcache.blacklist'

/** Nothing random collects sessions: a request that happened to be drawn would change files. An unchanged session is rewritten
 * (lazy_write off), which is no change, rather than touched, which would be one. */
const settings = `
expose_php=0
register_argc_argv=0
enable_dl=0
memory_limit=${memoryLimitMiBOf(SLOT)}M
max_execution_time=0
max_input_time=-1
error_reporting=E_ALL
display_errors=0
display_startup_errors=0
html_errors=0
log_errors=1
error_log=/request/stderr
output_buffering=4096
implicit_flush=0
default_charset=UTF-8
date.timezone=UTC
variables_order=GPCS
request_order=GP
serialize_precision=-1
post_max_size=16M
upload_max_filesize=16M
file_uploads=1
max_file_uploads=20
upload_tmp_dir=/tmp
sys_temp_dir=/tmp
allow_url_fopen=1
allow_url_include=0
auto_prepend_file=${LIBRARY_PATH}
session.save_handler=files
session.save_path=${SESSION_FOLDER}
session.gc_probability=0
session.lazy_write=0
session.use_strict_mode=1
session.cookie_httponly=1
session.cookie_samesite=Lax
realpath_cache_size=4096K
sendmail_path=/internal/no-mail
disable_functions=mail
`.trimStart()

/** Memory that opcache has: in all, and of that for strings; MiB. */
export interface OpcacheSizes {
  readonly sharedMiB: number
  readonly stringsMiB: number
}

/**
 * For images: opcache asks no file whether it changed, so it may hold only what never does. It knows each script by its real path, which no link leads through,
 * and by names that nothing can make lead elsewhere (see RESOLVE_NAMES): whoever asks for one by those is spared looking for the file.
 */
export function opcacheIni({ sharedMiB, stringsMiB }: OpcacheSizes): string {
  return `${settings}opcache.enable=1
opcache.enable_cli=1
opcache.memory_consumption=${sharedMiB}
opcache.interned_strings_buffer=${stringsMiB}
opcache.max_accelerated_files=7963
opcache.max_wasted_percentage=50
opcache.validate_timestamps=0
opcache.revalidate_path=0
opcache.file_update_protection=0
opcache.file_cache_only=0
opcache.blacklist_filename=${BLACKLIST_PATH}
opcache.lockfile_path=/tmp
opcache.jit=disable
opcache.jit_buffer_size=0
`
}

/** A setting for the time that an image is made: opcache notes no other names of a script, since they may lead elsewhere when what can change has changed. */
export const RESOLVE_NAMES = ['opcache.revalidate_path', '1'] as const

/** For sites without an image of their own: opcache knows the system's scripts, and has no room for more. */
export const PLAIN_SIZES: OpcacheSizes = { sharedMiB: 8, stringsMiB: 4 }
export const phpIni = opcacheIni(PLAIN_SIZES)

/** Lines for extensions that PHP is to load when it starts. */
export function extensionIni(names: readonly ExtensionName[]): string {
  return names.map((name) => `extension=${name}.so\n`).join('')
}

/** OpenSSL makes no keys without a configuration. */
export const opensslConfig = '[req]\ndefault_bits = 2048\ndefault_md = sha256\ndistinguished_name = names\n[names]\n'
