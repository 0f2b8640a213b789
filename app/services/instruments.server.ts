import { loadInstruments, searchInstruments, type Exchange, type Instrument, type InstrumentKind } from "@models/instrument.server";
import type { Locale } from "~/i18n/locales";

/** Instruments as pages and the typeahead show them. */
export interface InstrumentView {
  id: string;
  code: string;
  exchange: Exchange;
  kind: InstrumentKind;
  name: string;
}

const TYPEAHEAD_ROWS = 8;

export async function suggestInstruments(text: string, locale: Locale, now: Date): Promise<InstrumentView[]> {
  const found = await searchInstruments({ text, limit: TYPEAHEAD_ROWS }, now);
  return found.map((instrument) => toView(instrument, locale));
}

/** Views of the given ids, in their order; unknown ids are absent. */
export async function listInstruments(ids: string[], locale: Locale, now: Date): Promise<InstrumentView[]> {
  const book = await loadInstruments(now);
  return ids.flatMap((id) => {
    const found = book.find(id);
    return found ? [toView(found, locale)] : [];
  });
}

function toView({ _id, code, exchange, kind, name }: Instrument, locale: Locale): InstrumentView {
  return { id: _id, code, exchange, kind, name: name[locale] };
}
