/** All files of a site, in bytes. Runtimes end a request that would leave it a little less than this: what nobody can load is lost. */
export const SITE_MAX_BYTES = 8 * 1024 ** 3
/** What one fetch may bring: all of a site, and what beside its files belongs to its state, lists and folders. */
export const SITE_FETCH_MAX_BYTES = SITE_MAX_BYTES + 1024 ** 3
/** One file of a site: a script counts in numbers of 32 bits. */
export const SITE_FILE_MAX_BYTES = 2 ** 31 - 1
