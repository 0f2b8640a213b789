import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import { beanAt } from "../app/seo/mark.server";
import { drawCard } from "../app/seo/share-card.server";

/** Draws public/: favicon, app icons and the share card of pages without one. Run it by hand when the mark changes. */
const BEAN = "#c98a04";
const BEAN_DARK = "#e0a92e";
const PAPER = "#fbfaf7";

function icon(sizePx: number, { ground, share }: { ground: string | null; share: number }): string {
  const rect = ground ? `<rect width="${sizePx}" height="${sizePx}" fill="${ground}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${sizePx}" height="${sizePx}">${rect}${beanAt({ x: sizePx / 2, y: sizePx / 2, height: sizePx * share, fill: BEAN })}</svg>`;
}

function png(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
}

/** An .ico may hold a PNG as it is: a header of 6 bytes, one entry of 16, the picture. */
function ico(picture: Buffer, sizePx: number): Buffer {
  const header = Buffer.alloc(22);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(1, 4);
  header.writeUInt8(sizePx, 6);
  header.writeUInt8(sizePx, 7);
  header.writeUInt16LE(1, 10);
  header.writeUInt16LE(32, 12);
  header.writeUInt32LE(picture.length, 14);
  header.writeUInt32LE(header.length, 18);
  return Buffer.concat([header, picture]);
}

const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><style>path{fill:${BEAN}}@media(prefers-color-scheme:dark){path{fill:${BEAN_DARK}}}</style>${beanAt({ x: 16, y: 16, height: 28, fill: BEAN })}</svg>\n`;
await writeFile("public/favicon.svg", favicon);
await writeFile("public/favicon.ico", ico(await png(icon(32, { ground: null, share: 0.88 })), 32));
await writeFile("public/icon-180.png", await png(icon(180, { ground: PAPER, share: 0.62 })));
await writeFile("public/icon-192.png", await png(icon(192, { ground: null, share: 0.86 })));
await writeFile("public/icon-512.png", await png(icon(512, { ground: null, share: 0.86 })));
// A maskable icon may be cut to a circle of 80% of its width.
await writeFile("public/icon-maskable-512.png", await png(icon(512, { ground: PAPER, share: 0.55 })));
await writeFile("public/card.png", await drawCard({ title: "金豆社区 Goldbean", author: "goldbean", topic: null, locale: "zh-CN" }));
