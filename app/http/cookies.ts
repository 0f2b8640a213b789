/** Names of the cookies that this site sets; the whole-page cache and the browser tests read them here too. */
export const SESSION_COOKIE = "sid";
/** One notice for the next page, signed, gone after it was shown. */
export const FLASH_COOKIE = "flash";
