// chart.mjs: bars and lines where one would rather look than read. The library comes when the first
// chart is shown; the numbers stand beneath each as a table for who reads with the ear.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { tr } from 'kit/words.mjs';

let library = null;

// It comes as one file that puts itself on the page.
function load() {
  library ??= import('./echarts.mjs').then(() => globalThis.echarts);
  return library;
}

// label: what it shows; names and values: as long as each other; colour: of the bars.
export function Bars({ label, unit, names, values, colour = '#0b5cad' }) {
  const box = useRef();
  const chart = useRef();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let gone = false;
    const resize = () => chart.current?.resize();

    load().then((echarts) => {
      if (gone) return;
      chart.current ??= echarts.init(box.current, null, { renderer: 'svg' });
      chart.current.setOption({
        animation: false,
        grid: { left: 44, right: 8, top: 24, bottom: 28 },
        textStyle: { fontFamily: 'inherit' },
        xAxis: { type: 'category', data: names, axisTick: { show: false },
          axisLabel: { color: '#444b54', hideOverlap: true } },
        yAxis: { type: 'value', minInterval: 1, axisLabel: { color: '#444b54' },
          splitLine: { lineStyle: { color: '#d9dee5' } } },
        series: [{ type: 'bar', data: values, itemStyle: { color: colour }, barMaxWidth: 36,
          label: { show: values.length <= 8, position: 'top', color: '#1a1d21' } }],
      });
    }).catch(() => setFailed(true));
    addEventListener('resize', resize);
    return () => {
      gone = true;
      removeEventListener('resize', resize);
    };
  }, [label, names.join(), values.join()]);
  useEffect(() => () => chart.current?.dispose(), []);

  return html`<figure class="chart"><figcaption class="label">${label}</figcaption>
    ${!failed && html`<div class="chart-box" ref=${box} aria-hidden="true"></div>`}
    <details open=${failed}><summary class="small quiet">${tr('as a table')}</summary>
      <table class="table small"><tbody>${names.map((name, i) => html`<tr key=${name}>
        <th scope="row">${name}</th><td class="number">${values[i]} ${unit}</td></tr>`)}</tbody>
      </table></details></figure>`;
}
