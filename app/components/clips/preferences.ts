/** Two switches that stick in this browser: sound (off until chosen) and captions (on until switched off). */
export type Switch = "clips-sound" | "clips-captions";

export function readSwitch(name: Switch, otherwise: boolean): boolean {
  try {
    const stored = window.localStorage.getItem(name);
    return stored === null ? otherwise : stored === "on";
  } catch {
    // Storage is off: the switch holds until the page is left.
    return otherwise;
  }
}

export function keepSwitch(name: Switch, on: boolean): void {
  try {
    window.localStorage.setItem(name, on ? "on" : "off");
  } catch {
    // See above.
  }
}

/** True once the reader has pressed anything on this page: before that no browser, and not we either, starts with sound. */
export function hasActed(): boolean {
  return (navigator as Navigator & { userActivation?: { hasBeenActive: boolean } }).userActivation?.hasBeenActive ?? false;
}
