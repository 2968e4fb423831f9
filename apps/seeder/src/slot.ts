/** Memory of one job slot (WP §6.4): every peer's is the same, since scripts can see it. */
export const SLOT_MEMORY_MIB = 256
