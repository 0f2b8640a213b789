import { useCallback, useEffect, useState } from "react";
import { wantsCalm } from "./first-film.js";
import { hasActed, keepSwitch, readSwitch } from "./preferences";

/**
 * Sound and captions stick from clip to clip and from visit to visit. Sound that was chosen on an earlier visit waits for
 * the first press on this page: nothing ever begins aloud.
 */
export interface Switches {
  audible: boolean;
  captions: boolean;
  calm: boolean;
  toggleSound: () => void;
  toggleCaptions: () => void;
  onMuted: () => void;
}

export function useSwitches(): Switches {
  const [sound, setSound] = useState(false);
  const [acted, setActed] = useState(false);
  const [captions, setCaptions] = useState(true);
  const [calm, setCalm] = useState(true);
  const audible = sound && acted;

  useEffect(() => {
    setSound(readSwitch("clips-sound", false));
    setCaptions(readSwitch("clips-captions", true));
    setCalm(wantsCalm());
    setActed(hasActed());
    const onAct = () => setActed(true);
    document.addEventListener("pointerup", onAct, { once: true });
    document.addEventListener("keydown", onAct, { once: true });
    return () => {
      document.removeEventListener("pointerup", onAct);
      document.removeEventListener("keydown", onAct);
    };
  }, []);

  return {
    audible,
    captions,
    calm,
    toggleSound: () => {
      setActed(true);
      setSound(!audible);
      keepSwitch("clips-sound", !audible);
    },
    toggleCaptions: () => {
      setCaptions(!captions);
      keepSwitch("clips-captions", !captions);
    },
    onMuted: useCallback(() => setActed(false), []),
  };
}
