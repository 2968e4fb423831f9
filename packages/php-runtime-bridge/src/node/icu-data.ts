/** Name of the file with ICU's data in this package's dist folder: where the build puts it and intl finds it. */
export const ICU_DATA = 'icudt74l.dat'
