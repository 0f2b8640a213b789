/**
 * What a reader typed and chose before the page came alive. On a slow line the form is there long before the scripts
 * are, and React, which begins with what the server wrote, would put that back. So it is noted as it comes, and told to
 * React in the one moment in which it holds the page and has not drawn it again yet.
 * What a browser puts back into a form after a reload counts as typed, except where autocomplete is off.
 */
type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
/** Where React remembers what it last saw in a field; without a difference an event is none to it. */
type Watched = Field & { _valueTracker?: { setValue: (seen: string) => void } };

const FIELDS = "input:not([type=hidden], [type=file]), textarea, select";
const early = new Map<Field, string>();

/** Called once, before React is given the page. */
export function noteEarlyWords(): void {
  for (const field of document.querySelectorAll<Field>(FIELDS)) if (isChanged(field)) early.set(field, field.value);
  // Heard before React hears it, which listens at the document and takes the page over at the first key.
  window.addEventListener("input", note, true);
}

/** Called within the commit that brings the page to life. */
export function tellEarlyWords(): void {
  window.removeEventListener("input", note, true);
  for (const [field, typed] of early) {
    if (!field.isConnected) continue;
    // React has written over it; only then, because writing into a field ends what an input method composes there.
    if (field.value !== typed) write(field, typed);
    if (isChanged(field)) announce(field);
  }
  early.clear();
}

function note({ target }: Event): void {
  if (target instanceof HTMLElement && target.matches(FIELDS)) early.set(target as Field, (target as Field).value);
}

function write(field: Field, typed: string): void {
  const isText = !(field instanceof HTMLSelectElement) && field.selectionStart !== null;
  field.value = typed;
  if (isText && document.activeElement === field) field.setSelectionRange(typed.length, typed.length);
}

function announce(field: Watched): void {
  field._valueTracker?.setValue(isSwitch(field) ? String(!field.checked) : `${field.value} `);
  // React takes a click for the change of a switch; a plain Event of that name turns none.
  const name = isSwitch(field) ? "click" : field instanceof HTMLSelectElement ? "change" : "input";
  field.dispatchEvent(new Event(name, { bubbles: true }));
}

const isSwitch = (field: Field): field is HTMLInputElement => field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio");

function isChanged(field: Field): boolean {
  if (field instanceof HTMLSelectElement) return field.value !== ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
  // A radio that is off now was turned off by the one that is on.
  if (isSwitch(field)) return field.checked !== field.defaultChecked && (field.type === "checkbox" || field.checked);
  return field.value !== field.defaultValue;
}
