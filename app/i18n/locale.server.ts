import enFirst from "./messages.en.first";
import enLater from "./messages.en.later";
import zhFirst from "./messages.zh-CN.first";
import zhLater from "./messages.zh-CN.later";
import { isLocale, negotiateLocale, type Locale } from "./locales";
import { getFixedT, registerLaterMessages, registerMessages, type Translate } from "./t";

registerMessages("zh-CN", zhFirst);
registerLaterMessages("zh-CN", zhLater);
registerMessages("en", enFirst);
registerLaterMessages("en", enLater);

export const LOCALE_COOKIE = "lang";
const LOCALE_COOKIE_LIFE_SEC = 365 * 24 * 3600;

/** The reader's language: ?lang= (a link in a given language) → cookie (the switch) → Accept-Language → Chinese. */
export function getLocale(request: Request): Locale {
  const asked = new URL(request.url).searchParams.get("lang");
  if (isLocale(asked)) return asked;
  const cookie = /(?:^|;\s*)lang=([\w-]+)/.exec(request.headers.get("Cookie") ?? "")?.[1];
  if (isLocale(cookie)) return cookie;
  return negotiateLocale(request.headers.get("Accept-Language"));
}

export function localeCookie(locale: Locale): string {
  return `${LOCALE_COOKIE}=${locale}; Path=/; Max-Age=${LOCALE_COOKIE_LIFE_SEC}; SameSite=Lax`;
}

/** Translate on the server, e.g. in a refusal; importing this module has registered both languages. */
export function getRequestT(request: Request): Translate {
  return getFixedT(getLocale(request));
}
