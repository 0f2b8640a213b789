import { WEAK_WORDS } from "./weak-passwords";

/**
 * Which passwords are refused, and why. A long sentence of ordinary words passes; what the lists of leaked passwords are
 * full of does not: one common word with decoration, keyboard walks, repeats, counting, dates, phone numbers, the handle.
 * Pure; the list is our own (weak-passwords.ts).
 */
export type PasswordProblem = "passwordShort" | "passwordLong" | "passwordHandle" | "passwordRepeat" | "passwordSequence" | "passwordDigits" | "passwordCommon";

export const PASSWORD_LENGTH_MIN = 8;
/** argon2 takes any length; this only bounds the work. */
export const PASSWORD_LENGTH_MAX = 128;

export function findPasswordProblem(password: string, handle: string): PasswordProblem | null {
  const length = [...password].length;
  if (length < PASSWORD_LENGTH_MIN) return "passwordShort";
  if (password.length > PASSWORD_LENGTH_MAX) return "passwordLong";
  const plain = password.normalize("NFKC").toLowerCase();
  if (containsHandle(plain, handle.toLowerCase())) return "passwordHandle";
  if (isRepeated(plain)) return "passwordRepeat";
  if (isSequence(plain)) return "passwordSequence";
  if (isOnlyDigits(plain)) return "passwordDigits";
  if (isDecoratedWord(plain)) return "passwordCommon";
  return null;
}

/** What is left beside the handle has to be a password by itself. */
function containsHandle(plain: string, handle: string): boolean {
  if (handle.length < 3 || !plain.includes(handle)) return false;
  return plain.replaceAll(handle, "").length < PASSWORD_LENGTH_MIN;
}

/** "aaaaaaaa", "abababab", "abc1abc1": a short piece again and again, or hardly any different characters. */
function isRepeated(plain: string): boolean {
  if (new Set(plain).size <= 3) return true;
  for (let size = 1; size <= plain.length / 2; size++) {
    const piece = plain.slice(0, size);
    if (piece.repeat(Math.ceil(plain.length / size)).slice(0, plain.length) === plain) return true;
  }
  return false;
}

const ROWS = ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "!@#$%^&*()", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p"];
const WALKS = ROWS.flatMap((row) => [row, [...row].reverse().join("")]);
const WALK_STEPS_MIN = 3;

/** Covered by at most three walks over keyboard or alphabet, with at most two characters left over. */
function isSequence(plain: string): boolean {
  let at = 0;
  let walks = 0;
  let strays = 0;
  while (at < plain.length) {
    const length = longestWalkAt(plain, at);
    if (length >= WALK_STEPS_MIN) {
      walks += 1;
      at += length;
    } else {
      strays += 1;
      at += 1;
    }
  }
  return walks > 0 && walks <= 3 && strays <= 2;
}

function longestWalkAt(plain: string, at: number): number {
  let longest = 0;
  for (const walk of WALKS) {
    let length = longest;
    while (at + length < plain.length && walk.includes(plain.slice(at, at + length + 1))) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** Phone numbers, dates and account numbers are the first things that are tried. */
function isOnlyDigits(plain: string): boolean {
  return /^[\d\s+./-]+$/.test(plain) && plain.replace(/\D/g, "").length < 16;
}

const LOOKALIKES: Record<string, string> = { "@": "a", "4": "a", "8": "b", "3": "e", "1": "i", "!": "i", "0": "o", $: "s", "5": "s", "7": "t" };

/** One or two common words with digits and signs around them, in any spelling. */
function isDecoratedWord(plain: string): boolean {
  return candidatesOf(plain).some((word) => WEAK_WORDS.has(word) || isTwoWords(word));
}

function candidatesOf(plain: string): string[] {
  const unfolded = (text: string): string => [...text].map((character) => LOOKALIKES[character] ?? character).join("");
  const lettersOf = (text: string): string => text.replace(/[^a-z]/g, "");
  const bare = plain.replace(/^[^a-z]+|[^a-z]+$/g, "");
  const shorn = plain.replace(/[\d\W_]+$/g, "").replace(/^[\d\W_]+/g, "");
  return [lettersOf(plain), lettersOf(unfolded(plain)), lettersOf(unfolded(bare)), lettersOf(unfolded(shorn)), lettersOf(unfolded(plain.replace(/\d{1,8}\W*$/, "")))].filter(
    (word) => word.length >= 2,
  );
}

function isTwoWords(word: string): boolean {
  if (word.length > 16) return false;
  for (let at = 3; at <= word.length - 3; at++) {
    if (WEAK_WORDS.has(word.slice(0, at)) && WEAK_WORDS.has(word.slice(at))) return true;
  }
  return false;
}
