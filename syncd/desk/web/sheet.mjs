// sheet.mjs: a record as a sheet of A4: the lines of a paper form, people and things as tables, a
// place to sign, and at the foot of each page the record's number and the head of its log. Only
// printed. What is masked on the screen is masked on paper.
import { html } from 'kit/html.mjs';
import { day } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { label, valueWords } from './case_words.mjs';
import { fieldsOf } from './values.mjs';

const NARROW = 8; // fields that stand beside each other on a sheet

function words(cell) {
  const one = (value) => (value.attachment ? tr('(photo)') : valueWords(value, cell.type));

  if (cell.kind === 'conflict') return tr('(open question)');
  if (cell.kind === 'erased') return cell.text;
  return cell.kind === 'set' ? cell.elements.map(one).join('、') : one(cell);
}

// Two answers a line, as on paper.
function Pairs({ cells }) {
  const lines = [];

  for (let i = 0; i < cells.length; i += 2) lines.push(cells.slice(i, i + 2));
  return html`<table><tbody>${lines.map((pair, i) => html`<tr key=${i}>${
    pair.map((cell) => html`<th key=${`t${cell.path}`} scope="row">${label(cell)}</th><td
      key=${cell.path} colspan=${pair.length === 1 ? 3 : 1}>${words(cell)}</td>`)}</tr>`)}</tbody>
  </table>`;
}

function Things({ item }) {
  const items = item.instances.map((one) => fieldsOf(one.values));
  const columns = new Map();

  for (const cells of items)
    for (const cell of cells)
      if (cell.kind !== 'repeat' && !columns.has(cell.name)) columns.set(cell.name, cell);
  const names = [...columns.values()];

  if (names.length > NARROW) return items.map((cells, i) => html`<div key=${i} class="sheet-item">
    <h4>${label(item)} ${i + 1}</h4><${Pairs} cells=${cells.filter((one) =>
    one.kind !== 'repeat')} />${cells.filter((one) => one.kind === 'repeat').map((one) =>
    html`<${Things} key=${one.path} item=${one} />`)}</div>`);
  return html`<table><thead><tr><th scope="col">#</th>${names.map((one) =>
      html`<th key=${one.name} scope="col">${label(one)}</th>`)}</tr></thead>
    <tbody>${items.map((cells, i) => html`<tr key=${i}><td>${i + 1}</td>${names.map((one) => {
      const cell = cells.find((other) => other.name === one.name);

      return html`<td key=${one.name}>${cell ? words(cell) : ''}</td>`;
    })}</tr>`)}</tbody></table>`;
}

function Parts({ values }) {
  const cells = values.filter((one) => !['group', 'repeat'].includes(one.kind));

  return html`${cells.length > 0 && html`<${Pairs} cells=${cells} />`}
    ${values.filter((one) => one.kind === 'group').map((item) => html`<section key=${item.path}>
      <h3>${label(item)}</h3><${Parts} values=${item.values} /></section>`)}
    ${values.filter((one) => one.kind === 'repeat').map((item) => html`<section key=${item.path}>
      <h3>${label(item)}</h3><${Things} item=${item} /></section>`)}`;
}

export function Sheet({ document }) {
  return html`<article class="sheet" aria-hidden="true">
    <h2>${document.form_title}</h2>
    <p class="sheet-line"><span>${document.title}</span><span>${document.areas.map((one) =>
      one.name || one.area).join('、')}</span><span>${tr('printed {day}', {
      day: day(document.now) })}</span></p>
    <${Parts} values=${document.values} />
    <p class="sheet-line sheet-signs"><span>${tr('Investigators (signature):')}</span><span>${
      tr('Head of the household (signature or fingerprint):')}</span><span>${
      tr('Date:')}</span></p>
    <footer class="sheet-foot">${tr('Record {id} · log head {head}', { id: document.id,
      head: document.head })}</footer></article>`;
}
