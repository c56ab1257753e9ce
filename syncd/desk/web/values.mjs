// values.mjs: the answers of a record in the order of its form: groups as sections, repeats as
// tables. Whoever goes to one of them sees its history beside it.
import { html } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { label, valueWords } from './case_words.mjs';
import { Picture } from './picture.mjs';

const WIDE = 7; // fields of an item; with more, items stand beside each other

// Of an item of a repeat: its fields, those in groups too; repeats inside by themselves.
export function fieldsOf(values) {
  return values.flatMap((one) => (one.kind === 'group' ? fieldsOf(one.values) : [one]));
}

export function Content({ cell, record, reason }) {
  const one = (value, index) => html`${index > 0 && !value.attachment && '、'}${value.attachment
    ? html`<${Picture} record=${record} attachment=${value.attachment} name=${label(cell)}
        sensitive=${cell.sensitive} reason=${reason} />`
    : valueWords(value, cell.type)}`;

  switch (cell.kind) {
    case 'conflict': return html`<span class="tag conflict"><${Icon} name="conflict" />${
      tr('open question')}</span>`;
    case 'erased': return html`<span class="quiet">${cell.text}</span>`;
    case 'set': return cell.elements.map(one);
    default: return one(cell, 0);
  }
}

function Marks({ cell, notes }) {
  const said = notes.filter((one) => one.field === cell.path).length;

  return html`${cell.sealed && html` <${Icon} name="lock" /><span class="hidden">${
      tr('sealed')}</span>`}${cell.by_policy && html` <span class="tag server">${
      tr('chosen by rule')}</span>`}${said > 0 && html` <span class="tag warning"><${Icon}
      name="edit" />${said}<span class="hidden">${tr('comments')}</span></span>`}`;
}

// The value is the button: it has the focus, and then its history stands beside it.
function Value({ cell, form }) {
  return html`<div class="value ${form.chosen === cell.path ? 'chosen' : ''}">
    <${Content} cell=${cell} record=${form.record} reason=${form.reason} />
    <${Marks} cell=${cell} notes=${form.notes} />
    ${cell.path && html`<button type="button" class="value-more" data-path=${cell.path}
      aria-pressed=${String(form.chosen === cell.path)}
      aria-label=${tr('History of {name}', { name: label(cell) })}
      onClick=${() => form.choose(cell)}><${Icon} name="clock" /></button>`}</div>`;
}

function Facts({ cells, form }) {
  return html`<dl class="facts answers">${cells.map((cell) => html`<dt key=${`t${cell.path}`}>${
    label(cell)}${cell.sensitive && html` <span class="confidential"><${Icon} name="lock" /><span
      class="hidden">${tr('confidential')}</span></span>`}</dt><dd key=${cell.path}><${Value}
      cell=${cell} form=${form} /></dd>`)}</dl>`;
}

// The fields that any of the items has, in the order of the form.
function columnsOf(items) {
  const columns = new Map();

  for (const cells of items)
    for (const cell of cells) if (!columns.has(cell.name)) columns.set(cell.name, cell);
  return [...columns.values()];
}

function Repeat({ item, form, depth }) {
  const items = item.instances.map((one) => fieldsOf(one.values));
  const plainOnes = items.map((cells) => cells.filter((one) => one.kind !== 'repeat'));
  const columns = columnsOf(plainOnes);
  const at = (cells, column) => cells.find((one) => one.name === column.name);
  const number = (index) => `${label(item)} ${index + 1}`;
  const Head = depth > 0 ? 'h3' : 'h2';
  const cell = (cells, column) => at(cells, column) && html`<${Value} cell=${at(cells, column)}
    form=${form} />`;

  return html`<section class="stack"><${Head}>${label(item)} · ${item.instances.length}</${Head}>
    <div class="scroll" tabindex="0" role="region" aria-label=${label(item)}>
    ${columns.length <= WIDE ? html`<table class="table grid"><thead><tr><th scope="col">#</th>${
      columns.map((one) => html`<th key=${one.name} scope="col">${label(one)}</th>`)}</tr></thead>
      <tbody>${plainOnes.map((cells, index) => html`<tr key=${item.instances[index].id}>
        <th scope="row">${index + 1}</th>${columns.map((one) => html`<td key=${one.name}>${
          cell(cells, one)}</td>`)}</tr>`)}</tbody></table>`
    : html`<table class="table grid"><thead><tr><th scope="col">${label(item)}</th>${
      plainOnes.map((cells, index) => html`<th key=${item.instances[index].id} scope="col">${
        index + 1}</th>`)}</tr></thead>
      <tbody>${columns.map((one) => html`<tr key=${one.name}><th scope="row">${label(one)}</th>${
        plainOnes.map((cells, index) => html`<td key=${item.instances[index].id}>${
          cell(cells, one)}</td>`)}</tr>`)}</tbody></table>`}</div>
    ${items.map((cells, index) => cells.filter((one) => one.kind === 'repeat').map((one) => html`
      <div key=${`${index}${one.path}`}><p class="quiet">${number(index)}</p><${Repeat} item=${one}
        form=${form} depth=${depth + 1} /></div>`))}</section>`;
}

// form: {record, chosen, choose(cell), notes, reason}
export function Values({ values, form, depth = 0 }) {
  const cells = values.filter((one) => !['group', 'repeat'].includes(one.kind));
  const Head = depth > 0 ? 'h3' : 'h2';

  return html`${cells.length > 0 && html`<${Facts} cells=${cells} form=${form} />`}
    ${values.filter((one) => ['group', 'repeat'].includes(one.kind)).map((item) => (
      item.kind === 'repeat' ? html`<${Repeat} key=${item.path} item=${item} form=${form}
        depth=${depth} />`
      : html`<section key=${item.path} class="stack"><${Head}>${label(item)}</${Head}>
        <${Values} values=${item.values} form=${form} depth=${depth + 1} /></section>`))}`;
}
