import { useEffect, useRef, useState } from "react";

const WIDTH = 208;
const HEIGHT = 156;

/**
 * The chosen picture at once, before a byte of it is sent. Drawn on a canvas rather than shown from a blob address: it
 * takes the memory of a thumbnail, and no page has to allow such addresses for pictures.
 */
export function LocalThumb({ file }: { file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let gone = false;
    createImageBitmap(file, { imageOrientation: "from-image" })
      .then((bitmap) => {
        if (!gone) drawCover(canvas.current, bitmap);
        bitmap.close();
      })
      // HEIC outside Safari, or a damaged file: the name stands below, and the server looks at it anyway.
      .catch(() => setFailed(true));
    return () => {
      gone = true;
    };
  }, [file]);
  if (failed) return <span className="thumb-name">{file.name.split(".").pop()?.slice(0, 5).toUpperCase()}</span>;
  return <canvas ref={canvas} width={WIDTH} height={HEIGHT} aria-hidden="true" />;
}

function drawCover(canvas: HTMLCanvasElement | null, picture: ImageBitmap): void {
  const scale = Math.max(WIDTH / picture.width, HEIGHT / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  canvas?.getContext("2d")?.drawImage(picture, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height);
}
