import { formatClock } from "~/format/clock";

/** The first chart of a post as a small picture: a hint of its shape, so it is hidden from screen readers. */
const WIDTH = 104;
const HEIGHT = 78;
const PAD = 10;

export interface ChartPictureData {
  type: "line" | "bar";
  series: number[][];
}

export function FeedPicture({ chart }: { chart: ChartPictureData }) {
  const values = chart.series.flat();
  const max = Math.max(...values, 0.000001);
  const y = (value: number) => HEIGHT - PAD - (Math.max(0, value) / max) * (HEIGHT - 2 * PAD);
  return (
    <div className="pic" aria-hidden="true">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="xMidYMid slice">
        {chart.type === "bar" ? <Bars values={chart.series[0] ?? []} y={y} /> : <Lines series={chart.series} y={y} />}
      </svg>
    </div>
  );
}

/** The poster of a clip with its length; the title beside it says what it is. */
export function ClipPicture({ poster, durationSec }: { poster: string | null; durationSec: number }) {
  return (
    <div className="pic clip-pic" aria-hidden="true">
      {poster ? <img src={poster} width={WIDTH} height={HEIGHT} alt="" loading="lazy" /> : null}
      <span className="num">▶ {formatClock(durationSec)}</span>
    </div>
  );
}

function Bars({ values, y }: { values: number[]; y: (value: number) => number }) {
  const step = (WIDTH - 2 * PAD) / Math.max(values.length, 1);
  return (
    <>
      {values.map((value, index) => (
        <rect
          key={index}
          className="b"
          x={round(PAD + index * step + step * 0.15)}
          y={round(y(value))}
          width={round(step * 0.7)}
          height={round(HEIGHT - PAD - y(value))}
          rx="2"
          opacity={round(0.45 + (0.5 * index) / Math.max(values.length - 1, 1))}
        />
      ))}
    </>
  );
}

function Lines({ series, y }: { series: number[][]; y: (value: number) => number }) {
  return (
    <>
      {series.slice(0, 2).map((values, index) => (
        <path
          key={index}
          className={`l${index + 1}`}
          d={values
            .map((value, at) => `${at === 0 ? "M" : "L"}${round(PAD + (at * (WIDTH - 2 * PAD)) / Math.max(values.length - 1, 1))} ${round(y(value))}`)
            .join("")}
        />
      ))}
    </>
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
