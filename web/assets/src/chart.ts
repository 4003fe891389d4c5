// Time charts. The data is the table behind each figure (readable without script and by screen readers); this draws it.

import uPlot from "uplot";

function colour(name: string): string {
  // Resolve through a real property, so that light-dark() and color-mix() become plain colours.
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

interface Series {
  name: string;
  tone: string;
  values: (number | null)[];
}

function read(table: HTMLTableElement): { times: number[]; series: Series[]; marks: number[] } {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].slice(1);
  const series = heads.map((cell) => ({ name: cell.textContent ?? "", tone: cell.dataset.tone ?? "accent", values: [] as (number | null)[] }));
  const times: number[] = [];
  const marks: number[] = [];
  for (const row of table.tBodies[0]?.rows ?? []) {
    const at = Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000;
    if (!Number.isFinite(at)) continue;
    if (row.dataset.mark !== undefined) {
      marks.push(at);
      continue;
    }
    times.push(at);
    series.forEach((s, i) => {
      const text = row.cells[i + 1]?.dataset.value;
      s.values.push(text === undefined || text === "" ? null : Number(text));
    });
  }
  return { times, series, marks };
}

function draw(plot: HTMLElement, table: HTMLTableElement): uPlot | null {
  const { times, series, marks } = read(table);
  if (times.length < 2) return null;
  const ink = colour("--soft");
  const line = colour("--line");
  const harm = colour("--harm");
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const bars = uPlot.paths.bars?.({ size: [0.8, 24], align: 1 });
  const axis = { stroke: ink, font, ticks: { stroke: line, size: 4 } };
  return new uPlot(
    {
      width: plot.clientWidth,
      height: plot.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_u, _min, max) => [0, Math.max(4, max * 1.1)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 56,
          values: [
            [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
            [3600, "{HH}:00", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
            [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
          ],
        },
        { ...axis, grid: { stroke: line, width: 1 }, size: 40, space: 30, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      ],
      series: [
        {},
        ...series.map((s) => {
          const tone = colour(`--${s.tone}`);
          return { label: s.name, stroke: tone, fill: tone, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) };
        }),
      ],
      hooks: {
        draw: [
          (u) => {
            const { ctx } = u;
            ctx.save();
            ctx.fillStyle = harm;
            for (const at of marks) {
              const x = Math.round(u.valToPos(at, "x", true));
              if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
              ctx.fillRect(x, u.bbox.top, devicePixelRatio, u.bbox.height);
              ctx.beginPath();
              ctx.arc(x, u.bbox.top + 3 * devicePixelRatio, 3 * devicePixelRatio, 0, 7);
              ctx.fill();
            }
            ctx.restore();
          },
        ],
      },
    },
    [times, ...series.map((s) => s.values)] as uPlot.AlignedData,
    plot,
  );
}

export function charts(): void {
  for (const figure of document.querySelectorAll<HTMLElement>("[data-chart='time']")) {
    const plot = figure.querySelector<HTMLElement>(".plot");
    const table = figure.querySelector("table");
    if (!plot || !table) continue;
    let chart = draw(plot, table);
    let width = plot.clientWidth;
    new ResizeObserver(() => {
      if (plot.clientWidth === 0 || plot.clientWidth === width) return;
      width = plot.clientWidth;
      if (chart) chart.setSize({ width, height: plot.clientHeight });
      else chart = draw(plot, table);
    }).observe(plot);
    const again = () => {
      chart?.destroy();
      chart = draw(plot, table);
    };
    document.addEventListener("themechange", again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  }
}
