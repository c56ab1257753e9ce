// audit.mjs: an inspector's questions as tables with filters, each to be taken away as a file, and
// the signed export that a verifier without any server can check.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { get, request } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { query } from './api.mjs';
import { Frame } from './frame.mjs';
import { Chips, List, useList } from './list.mjs';
import { href, refilter } from './route.mjs';

const id = encodeURIComponent;

const HEADS = () => ({
  record: tr('Record'), area: tr('Area'), household: tr('Household'), begun: tr('Visited'),
  investigators: tr('Investigators'), signatures: tr('Their signatures'), meeting: tr('Meeting'),
  wrong: tr('What is wrong'), field: tr('Question'), from: tr('Before'), to: tr('After'),
  author: tr('Written by'), device: tr('On which tablet'), at: tr('When'), received: tr('Came in'),
  offline: tr('Offline'), kind: tr('Kind'), dot: tr('Change'), quarantine: tr('In quarantine'),
  reason: tr('Reason'), table: tr('Table'), persons: tr('Persons'), total: tr('Income'),
  deducted: tr('Deducted'), net: tr('Net'), per_head: tr('Per head and month'),
  benefit: tr('Benefit a month'), eligible: tr('Entitled'), unclear: tr('Unclear'),
  form: tr('Form'), title: tr('Title'), wrote: tr('Wrote in it'), granted: tr('Could hold it'),
  confirmed: tr('Confirmed'),
});
const NUMBERS = new Set(['persons', 'total', 'deducted', 'net', 'per_head', 'benefit', 'signatures',
  'investigators']);
const TIMES = new Set(['begun', 'at', 'received', 'meeting']);

// keys: of its lines, in order. filters: what one says; need: without it there is nothing to ask.
const QUESTIONS = {
  visits: { label: () => tr('Visits that break a rule'), filters: ['area'],
    about: () => tr('Sealed visits without two investigators or without both signatures, or first made after the meeting.'),
    keys: ['record', 'area', 'household', 'begun', 'investigators', 'signatures', 'meeting', 'wrong'],
    path: (asked, after) => query('api/audit/visits', { area: asked.area, after }) },
  incomes: { label: () => tr('Incomes'), filters: ['area', 'on'],
    about: () => tr('What the table of each record’s own form gives; amounts are masked here.'),
    keys: ['record', 'area', 'table', 'persons', 'total', 'deducted', 'net', 'per_head', 'benefit',
      'eligible', 'unclear'],
    path: (asked, after) => query('api/audit/incomes', { area: asked.area, on: asked.on, after }) },
  changes: { label: () => tr('Changes of a record'), filters: ['record', 'field'], need: 'record',
    about: () => tr('Who changed what, from what to what, on which tablet, offline or not, and why.'),
    keys: ['field', 'from', 'to', 'author', 'device', 'at', 'received', 'offline', 'kind',
      'quarantine', 'reason'],
    path: (asked) => query(`api/audit/changes/${id(asked.record)}`, { field: asked.field }) },
  tablet: { label: () => tr('What a tablet held'), filters: ['device'], need: 'device',
    about: () => tr('Every record that a tablet could hold, and every one it wrote in.'),
    keys: ['record', 'form', 'area', 'title', 'wrote', 'granted', 'confirmed'],
    path: (asked, after) => query(`api/audit/tablet/${id(asked.device)}`, { after }) },
};

const filterName = (name) => ({ area: tr('Area (code)'), on: tr('On the day'),
  record: tr('Number of the record'), field: tr('Question (path)'),
  device: tr('Number of the tablet') }[name]);

// Hands a file to the browser's downloads; nothing of it stays in the page.
export function takeAway(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');

  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function Ways({ current }) {
  const ways = [...Object.entries(QUESTIONS).map(([name, one]) => [name, one.label()]),
    ['export', tr('Signed file')]];

  return html`<nav class="ways" aria-label=${tr('What is asked')}>${ways.map(([name, label]) => html`
    <a key=${name} class="way" href=${href('audit', [name])}
      aria-current=${name === current ? 'page' : undefined}>${label}</a>`)}</nav>`;
}

// Asks why, then does it.
function Reasoned({ title, hint, onClose, onReason }) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  async function go(event) {
    event.preventDefault();
    setBusy(true);
    try {
      await onReason(reason);
      onClose();
    } catch (trouble) {
      setError(trouble.message);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}><form class="stack" autocomplete="off"
    onSubmit=${go}><p>${hint}</p>
    <${Field} label=${tr('Reason')} hint=${tr('It is logged.')} value=${reason} error=${error}
      onInput=${(text) => { setReason(text); setError(''); }} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" icon="down" busy=${busy}>${
        tr('Take away')}</${Button}></div></form></${Dialog}>`;
}

function cellOf(key, item) {
  const value = item[key];

  if (key === 'field' && value === '@area') return tr('Area');
  if (typeof value === 'boolean') return value ? tr('yes') : tr('no');
  if (value === '-' || value === null || value === undefined || value === '') return '—';
  if (TIMES.has(key)) return moment(value) || value;
  return String(value);
}

function Table({ name, asked }) {
  const { keys, path } = QUESTIONS[name];
  const [isTaking, setTaking] = useState(false);
  // A page looks at some records and may find nothing in them: then the next one is asked for.
  const list = useList(`audit/${name}`, async (after) => {
    for (let cursor = after; ;) {
      const { items, more, next } = await get(path(asked, cursor));

      if (items.length > 0 || !next) return { items: items.map((item) => ({ ...item, more })), next };
      cursor = next;
    }
  }, [asked.area, asked.on, asked.record, asked.field, asked.device]);
  const take = async (reason) => {
    takeAway(await request('POST', 'api/audit/csv', { json: { question: name, ...asked, reason },
      blob: true }), `${name}.csv`);
    toast(tr('Taken away; it is logged.'));
  };
  const heads = HEADS();

  return html`${list.items?.[0]?.more && html`<${Notice} kind="warning">${
      tr('There are more lines than fit here. Choose less, or take the table away.')}</${Notice}>`}
    <${List} list=${list} label=${QUESTIONS[name].label()} empty=${tr('Nothing was found.')}
      tools=${html`<${Button} kind="plain" icon="down" onClick=${() => setTaking(true)}>${
        tr('As a table (CSV)')}</${Button}>`}
      columns=${keys.map((key, at) => ({ id: key, label: heads[key],
        kind: NUMBERS.has(key) ? 'number' : '', optional: at > 2,
        href: key === 'record' ? (item) => href('audit', ['changes'], { record: item.record })
          : undefined,
        cell: (item) => cellOf(key, item) }))} />
    ${isTaking && html`<${Reasoned} title=${tr('Take the table away?')}
      hint=${tr('Whoever has the file can read it. Sensitive values stay masked in it.')}
      onClose=${() => setTaking(false)} onReason=${take} />`}`;
}

function Question({ name, filters }) {
  const question = QUESTIONS[name];
  const asked = Object.fromEntries(question.filters.map((one) => [one, filters[one] ?? '']));
  const [typed, setTyped] = useState(asked);

  function apply(now) {
    setTyped(now);
    refilter(now);
  }
  return html`<p class="quiet">${question.about()}</p>
    <form class="filters" autocomplete="off" onSubmit=${(event) => {
      event.preventDefault();
      apply(Object.fromEntries(Object.entries(typed).map(([key, text]) => [key, text.trim()])));
    }}>${question.filters.map((one) => html`<${Field} key=${one} label=${filterName(one)}
        type=${one === 'on' ? 'date' : 'text'} value=${typed[one]}
        onInput=${(text) => setTyped({ ...typed, [one]: text })} />`)}
      <${Button} kind="primary" type="submit" icon="search">${tr('Show')}</${Button}></form>
    <${Chips} chips=${question.filters.filter((one) => asked[one]).map((one) => ({
      label: `${filterName(one)}: ${asked[one]}`,
      onRemove: () => apply({ ...asked, [one]: '' }) }))} />
    ${!question.need || asked[question.need] ? html`<${Table} key=${JSON.stringify(asked)}
      name=${name} asked=${asked} />` : html`<p class="empty quiet">${
      tr('Say which one. Numbers stand on the pages of tablets and in the log.')}</p>`}`;
}

// What, how much of it, and why; then a file that proves itself.
function Export({ shared }) {
  const [what, setWhat] = useState('all');
  const [text, setText] = useState('');
  const [full, setFull] = useState(false);
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState(0);

  async function make(event) {
    const wish = { reason, full };

    event.preventDefault();
    if (what === 'area') wish.area = text.trim();
    if (what === 'records') wish.records = text.split(/[\s,，、;；]+/).filter(Boolean);
    setBusy(true);
    setError('');
    try {
      const file = await request('POST', 'api/audit/export', { json: wish, blob: true });

      takeAway(file, 'county.yga');
      setMade(file.size);
    } catch (trouble) {
      setError(trouble.message);
    }
    setBusy(false);
  }
  const choice = (value, label) => html`<label class="check"><input type="radio" name="what"
    checked=${what === value} onChange=${() => setWhat(value)} />${label}</label>`;

  return html`<p class="quiet">${
    tr('One file with the records, all their changes and what proves them. The program yg-verify checks it without a server.')}</p>
    <form class="card stack" autocomplete="off" onSubmit=${make}>
    <fieldset class="stack"><legend class="label">${tr('Which records')}</legend>
      ${choice('all', tr('All that I may see'))}
      ${choice('area', tr('Those of an area'))}
      ${choice('records', tr('Single records'))}</fieldset>
    ${what !== 'all' && html`<${Field} label=${what === 'area' ? filterName('area')
      : tr('Numbers of the records')} value=${text} onInput=${setText} />`}
    ${shared.me.may.includes('reveal') && html`<label class="check"><input type="checkbox"
      checked=${full} onChange=${(event) => setFull(event.currentTarget.checked)} />${
      tr('With sensitive values; else they are masked')}</label>`}
    <${Field} label=${tr('Reason')} hint=${tr('It is logged, and stands in the file.')}
      value=${reason} onInput=${(words) => { setReason(words); setError(''); }} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    ${made > 0 && html`<${Notice} role="status">${tr('Made: {n} bytes, signed by the county.',
      { n: made })} <code lang="en">yg-verify county.yga</code></${Notice}>`}
    <div class="row"><${Button} kind="primary" type="submit" icon="safe" busy=${busy}>${
      tr('Make the signed file')}</${Button}></div></form>`;
}

export function Audit({ words, filters, shared }) {
  const name = words[0] === 'export' || words[0] in QUESTIONS ? words[0] : 'visits';

  return html`<${Frame} title=${tr('Audit')} wide=${true}><${Ways} current=${name} />
    ${name === 'export' ? html`<${Export} shared=${shared} />`
      : html`<${Question} name=${name} filters=${filters} />`}
    <p class="quiet small"><${Icon} name="list" /> <a href=${href('log')}>${
      tr('What the staff did stands in the log.')}</a></p></${Frame}>`;
}
