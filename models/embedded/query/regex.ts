/**
 * PCRE patterns as JavaScript expressions. MongoDB matches by code point with ASCII classes; each construct is rewritten
 * into one that means the same with the `u` flag, and what has no such form is refused.
 */
import { CommandError, notSupported } from "../errors";

const PATTERN_MAX_LENGTH = 16_384;
const CACHE_MAX = 200;
const cache = new Map<string, RegExp>();

const ANY_BUT_NEWLINE = "[^\\n]";
const ANY = "[^]";
/** What `\w`, `\d` and `\s` hold in PCRE without its Unicode properties. */
const CLASSES: Readonly<Record<string, string>> = { d: "0-9", w: "A-Za-z0-9_", s: "\\t-\\r " };
const POSIX: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\t-\\r ",
  punct: "!-\\/:-@\\[-`\\{-~",
  xdigit: "0-9A-Fa-f",
  word: "A-Za-z0-9_",
};
const CONTROL: Readonly<Record<string, string>> = { n: "\\n", r: "\\r", t: "\\t", f: "\\f", a: "\\x07", e: "\\x1b" };

export function translateRegex(pattern: string, options: string): RegExp {
  const key = `${options}/${pattern}`;
  const known = cache.get(key);
  if (known) return known;
  for (const option of options) {
    if (!"imsxu".includes(option)) throw new CommandError(51108, `invalid flag in regex options: ${option}`);
  }
  if (pattern.includes("\0")) throw new CommandError(2, "Regular expression cannot contain an embedded null byte");
  if (pattern.length > PATTERN_MAX_LENGTH) throw new CommandError(51091, "Regular expression is too long");
  const source = new Translator(pattern, options).translate();
  let expression: RegExp;
  try {
    expression = new RegExp(source, options.includes("i") ? "iu" : "u");
  } catch (cause) {
    throw new CommandError(51091, "Regular expression is invalid", { cause });
  }
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, expression);
  return expression;
}

/** The literal text that every match begins with, for `^text…` without options that change its meaning. */
export function literalPrefix(pattern: string, options: string): string | undefined {
  if (options.replace("s", "") !== "" || !pattern.startsWith("^") || pattern.includes("|")) return undefined;
  const literal = /^[^\\^$.[\]()*+?{}|]*/.exec(pattern.slice(1))?.[0] ?? "";
  const rest = pattern.slice(1 + literal.length);
  // A quantifier belongs to the last character (by code point), which is then not part of the prefix.
  const prefix = /^[*?{]/.test(rest) ? [...literal].slice(0, -1).join("") : literal;
  return prefix === "" ? undefined : prefix;
}

class Translator {
  #offset = 0;
  #depth = 0;
  readonly #multiline: boolean;
  readonly #dotAll: boolean;
  readonly #extended: boolean;

  constructor(
    readonly pattern: string,
    options: string,
  ) {
    this.#multiline = options.includes("m");
    this.#dotAll = options.includes("s");
    this.#extended = options.includes("x");
  }

  translate(): string {
    let source = "";
    while (this.#offset < this.pattern.length) source += this.#next();
    if (this.#depth > 0) throw this.#invalid("missing closing parenthesis");
    return source;
  }

  #invalid(reason: string): CommandError {
    return new CommandError(51091, `Regular expression is invalid: ${reason}`);
  }

  #unsupported(what: string): CommandError {
    return notSupported(`${what} in a regular expression`);
  }

  #next(): string {
    const character = String.fromCodePoint(this.pattern.codePointAt(this.#offset) ?? 0);
    this.#offset += character.length;
    switch (character) {
      case ".":
        return this.#dotAll ? ANY : ANY_BUT_NEWLINE;
      case "^":
        return this.#multiline ? "(?:^|(?<=\\n)(?=[^]))" : "^";
      case "$":
        return this.#multiline ? "(?=\\n|$)" : "(?=\\n?$)";
      case "(":
        return this.#group();
      case ")":
        this.#depth -= 1;
        if (this.#depth < 0) throw this.#invalid("unmatched closing parenthesis");
        return ")";
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      case "{":
        return this.#brace();
      case "*":
      case "+":
      case "?":
        return this.#quantifier(character);
      case "]":
      case "}":
        return `\\${character}`;
      case "/":
        return "\\/";
      case "#":
        if (!this.#extended) return "#";
        while (this.#offset < this.pattern.length && this.pattern[this.#offset] !== "\n") this.#offset += 1;
        return "";
      default:
        return this.#extended && /[\t-\r ]/.test(character) ? "" : character;
    }
  }

  #quantifier(symbol: string): string {
    const follow = this.pattern[this.#offset];
    if (follow === "+") throw this.#unsupported("A possessive quantifier");
    if (follow === "?") {
      this.#offset += 1;
      return `${symbol}?`;
    }
    return symbol;
  }

  /** `{2}`, `{2,}`, `{2,5}` are quantifiers; any other brace stands for itself. */
  #brace(): string {
    const found = /^\d+(?:,\d*)?\}/.exec(this.pattern.slice(this.#offset));
    if (!found) {
      if (/^ *,? *\d/.test(this.pattern.slice(this.#offset))) throw this.#unsupported("A brace of this form");
      return "\\{";
    }
    this.#offset += found[0].length;
    return this.#quantifier(`{${found[0]}`);
  }

  #group(): string {
    this.#depth += 1;
    const rest = this.pattern.slice(this.#offset);
    if (rest.startsWith("*")) throw this.#unsupported("A control verb");
    if (!rest.startsWith("?")) return "(";
    const prefix = /^\?(?::|=|!|<=|<!)/.exec(rest)?.[0];
    if (prefix === undefined) throw this.#unsupported("A named, atomic or option group");
    this.#offset += prefix.length;
    return `(${prefix}`;
  }

  #escape(): string {
    const character = this.pattern[this.#offset];
    if (character === undefined) throw this.#invalid("\\ at end of pattern");
    this.#offset += 1;
    const lower = character.toLowerCase();
    const found = CLASSES[lower];
    if (found !== undefined) return character === lower ? `[${found}]` : `[^${found}]`;
    switch (character) {
      case "b":
      case "B":
        return `\\${character}`;
      case "A":
        return "^";
      case "z":
        return "$";
      case "Z":
        return "(?=\\n?$)";
      case "h":
        return "[\\t \\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]";
      case "N":
        return ANY_BUT_NEWLINE;
      default:
        return this.#escapedCharacter(character);
    }
  }

  /** An escape that stands for one character, inside a class or outside. */
  #escapedCharacter(character: string): string {
    const control = CONTROL[character];
    if (control !== undefined) return control;
    if (character === "x") {
      const hex = /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(this.pattern.slice(this.#offset));
      if (!hex) throw this.#unsupported("An \\x escape of this form");
      this.#offset += hex[0].length;
      return `\\u{${hex[1] ?? hex[2] ?? "0"}}`;
    }
    if (character === "p" || character === "P") {
      const property = /^\{(L|Lu|Ll|N|Nd|P|S|Z|Han)\}/.exec(this.pattern.slice(this.#offset));
      if (!property) throw this.#unsupported("This Unicode property");
      this.#offset += property[0].length;
      return property[1] === "Han" ? `\\${character}{Script=Han}` : `\\${character}${property[0]}`;
    }
    if (/[A-Za-z0-9]/.test(character)) throw this.#unsupported(`\\${character}`);
    // Anything else escaped is itself; the `u` flag allows the escape for syntax characters only.
    if (/[\^$\\.*+?()[\]{}|/-]/.test(character)) return character === "-" ? "\\x2d" : `\\${character}`;
    if (/[\ud800-\udbff]/.test(character)) {
      this.#offset += 1;
      return character + (this.pattern[this.#offset - 1] ?? "");
    }
    return character;
  }

  #class(): string {
    let source = "[";
    if (this.pattern[this.#offset] === "^") {
      this.#offset += 1;
      source = "[^";
    }
    let first = true;
    for (;;) {
      const character = this.pattern[this.#offset];
      if (character === undefined) throw this.#invalid("missing terminating ] for character class");
      this.#offset += 1;
      if (character === "]" && !first) return `${source}]`;
      first = false;
      if (character === "\\") source += this.#escapeInClass();
      else if (character === "[" && /^[:.=]/.test(this.pattern.slice(this.#offset))) source += this.#posix();
      else source += /[[\]/{}()|]/.test(character) ? `\\${character}` : character;
    }
  }

  #escapeInClass(): string {
    const character = this.pattern[this.#offset];
    if (character === undefined) throw this.#invalid("\\ at end of pattern");
    this.#offset += 1;
    const found = CLASSES[character];
    if (found !== undefined) return found;
    if (CLASSES[character.toLowerCase()] !== undefined) return `\\${character}`;
    if (character === "b") return "\\x08";
    return this.#escapedCharacter(character);
  }

  #posix(): string {
    const found = /^:([a-z]+):\]/.exec(this.pattern.slice(this.#offset));
    const members = found?.[1] === undefined ? undefined : POSIX[found[1]];
    if (!found || members === undefined) throw this.#unsupported("A POSIX class of this name");
    this.#offset += found[0].length;
    return members;
  }
}
