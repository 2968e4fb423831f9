/** The versions of PHP that a site may ask for. A site that asks for none has the first. */
export const phpVersions = ['8.2', '8.3', '8.4', '8.5'] as const
export type PhpVersion = (typeof phpVersions)[number]
export const DEFAULT_PHP_VERSION: PhpVersion = '8.2'
