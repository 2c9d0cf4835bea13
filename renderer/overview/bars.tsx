import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { AuditStatsGroup } from '../../contract/audit.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import styles from './overview-page.module.css';

const HEIGHT = 160;

/** Calls in each stretch of time, those denied or failed on top in red. The same figures are in words beside it. */
export function Bars({ groups }: { readonly groups: readonly AuditStatsGroup[] }) {
  const words = useMessages().overview;
  const { clock } = useFormat();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const colour = (name: string) => getComputedStyle(current).getPropertyValue(name);
    const bars = uPlot.paths.bars?.({ size: [0.7, 24], radius: 0.15 });
    const axis = {
      stroke: colour('--text-soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const draw = () =>
      new uPlot(
        {
          width: current.clientWidth,
          height: HEIGHT,
          cursor: { show: false },
          legend: { show: false },
          scales: { y: { range: (_, __, max) => [0, Math.max(4, max)] } },
          axes: [
            {
              ...axis,
              grid: { show: false },
              size: 28,
              values: (_, at) => at.map((one) => clock(one * 1000)),
            },
            { ...axis, size: 36, space: 24, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
          ],
          series: [
            {},
            {
              fill: colour('--accent'),
              width: 0,
              ...(bars === undefined ? {} : { paths: bars }),
              points: { show: false },
            },
            {
              fill: colour('--danger'),
              width: 0,
              ...(bars === undefined ? {} : { paths: bars }),
              points: { show: false },
            },
          ],
        },
        [
          groups.map((one) => Number(one.key) / 1000),
          groups.map((one) => one.calls),
          groups.map((one) => one.denied + one.error),
        ],
        current,
      );
    let plot = draw();
    const again = () => {
      plot.destroy();
      plot = draw();
    };
    const size = new ResizeObserver(() => {
      if (plot.width !== current.clientWidth) plot.setSize({ width: current.clientWidth, height: HEIGHT });
    });
    size.observe(current);
    // Colours are read once, so a change of theme is drawn anew.
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', again);
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', again);
      plot.destroy();
    };
  }, [groups, clock]);
  return <div ref={box} className={styles.chart} role="img" aria-label={words.chart} />;
}
