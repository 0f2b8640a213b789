import { defineCollection } from "./collection.server";

/**
 * Instrument: something with a code that people write about. The master list decides which `$…$` become links.
 * Reference data: a few hundred to some ten thousand rows, read whole into memory and replaced whole by the seed.
 */
export const INSTRUMENT_KINDS = ["stock", "etf", "fund", "index", "bond"] as const;
export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number];
export const EXCHANGES = ["SH", "SZ", "BJ", "HK", "US", "OF"] as const;
export type Exchange = (typeof EXCHANGES)[number];

export interface Instrument {
  /** Exchange prefix and code as written in a post: SH510300, HK00700; American codes stand alone: AAPL. */
  _id: string;
  code: string;
  exchange: Exchange;
  kind: InstrumentKind;
  name: { "zh-CN": string; en: string };
  /** Other names and pinyin initials, in lower case: "gzmt", "茅台". */
  aliases: string[];
}

const INSTRUMENTS_MAX = 20_000;

const Instruments = defineCollection<Instrument>(
  { name: "instruments", shardKey: "reference", why: "read whole into memory by every process", indexes: [] },
  {
    code: { type: String, required: true },
    exchange: { type: String, enum: EXCHANGES, required: true },
    kind: { type: String, enum: INSTRUMENT_KINDS, required: true },
    name: { type: Object, required: true },
    aliases: { type: [String], default: [] },
  },
);

export async function listStoredInstruments(): Promise<Instrument[]> {
  return Instruments.find({}).sort({ _id: 1 }).limit(INSTRUMENTS_MAX).lean<Instrument[]>();
}

/** Adds rows to the master; used by the seed on an empty database. */
export async function insertInstruments(instruments: Instrument[]): Promise<void> {
  await Instruments.insertMany(instruments, { ordered: true });
}

/** What the renderer needs: a code as written → the instrument, or nothing. */
export interface InstrumentBook {
  find(code: string): Instrument | undefined;
}

interface Loaded extends InstrumentBook {
  rows: { instrument: Instrument; keys: string[] }[];
  loadedAt: number;
}

const FRESH_MS = 300_000;
const QUERY_LENGTH_MAX = 32;
export const SEARCH_LIMIT_MAX = 20;

let loaded: Loaded | null = null;
let loading: Promise<Loaded> | null = null;

/** The book of codes; read again after five minutes, or at once while it is still empty. */
export async function loadInstruments(now: Date): Promise<InstrumentBook> {
  return current(now);
}

/** Looks in memory only: nothing is found before the first loadInstruments of the process has answered. */
export function findInstrument(code: string): Instrument | undefined {
  return loaded?.find(code);
}

/** Typeahead: by code, name in either language, alias or pinyin initials; exact codes first, then beginnings, then the rest. */
export async function searchInstruments({ text, limit }: { text: string; limit: number }, now: Date): Promise<Instrument[]> {
  const query = normal(text.slice(0, QUERY_LENGTH_MAX));
  if (query === "") return [];
  const { rows } = await current(now);
  return rows
    .map(({ instrument, keys }) => ({ instrument, rank: rankOf(keys, query) }))
    .filter(({ rank }) => rank < MISS)
    .sort((a, b) => a.rank - b.rank || a.instrument._id.localeCompare(b.instrument._id))
    .slice(0, Math.min(limit, SEARCH_LIMIT_MAX))
    .map(({ instrument }) => instrument);
}

/** Forgets what is in memory; for tests and for the seed. */
export function forgetInstruments(): void {
  loaded = null;
}

/** Makes a book from rows; the seed and tests render without reading the collection. */
export function bookOf(instruments: Instrument[]): InstrumentBook {
  const byCode = new Map<string, Instrument>();
  // A bare number such as 000001 is a stock in Shenzhen and an index in Shanghai: the first row of the master wins.
  for (const instrument of instruments) {
    for (const key of [instrument._id, instrument.code]) if (!byCode.has(key)) byCode.set(key, instrument);
  }
  for (const instrument of instruments) byCode.set(instrument._id, instrument);
  return { find: (code) => byCode.get(code.trim().toUpperCase()) };
}

const MISS = 9;

function rankOf(keys: string[], query: string): number {
  let best = MISS;
  keys.forEach((key, position) => {
    // Keys stand in this order: id, code, then names and aliases.
    const weight = position < 2 ? 0 : 1;
    if (key === query) best = Math.min(best, weight);
    else if (key.startsWith(query)) best = Math.min(best, 2 + weight);
    else if (query.length > 1 && key.includes(query)) best = Math.min(best, 4 + weight);
  });
  return best;
}

function normal(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[\s$]/gu, "");
}

async function current(now: Date): Promise<Loaded> {
  if (loaded && now.getTime() - loaded.loadedAt < FRESH_MS) return loaded;
  loading ??= load(now)
    .then((fresh) => {
      loaded = fresh.rows.length > 0 ? fresh : null;
      return fresh;
    })
    .finally(() => {
      loading = null;
    });
  return loading;
}

async function load(now: Date): Promise<Loaded> {
  const instruments = await listStoredInstruments();
  const rows = instruments.map((instrument) => ({
    instrument,
    keys: [instrument._id, instrument.code, instrument.name["zh-CN"], instrument.name.en, ...instrument.aliases].map(normal),
  }));
  return { ...bookOf(instruments), rows, loadedAt: now.getTime() };
}
