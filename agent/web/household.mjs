// household.mjs: one record: its people and things by tabs, open questions where they stand with
// all sides alike, the history of every value.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice, Tabs } from 'kit/components.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { cellWords, nameless, titleOfInstance } from './cell.mjs';
import { Conflict } from './conflict.mjs';
import { Frame } from './frame.mjs';
import { areaName } from './home.mjs';
import { Amendments, Changes, ValueHistory } from './history.mjs';
import { Photos, photosOf } from './photos.mjs';
import { Benefit, Note, Notes, Visits } from './around.mjs';
import { Private } from './private.mjs';
import { Amend } from './sign.mjs';

// ---- the tree of a record (docs/api.md) ----

export function* cellsOf(items) {
  for (const item of items ?? []) {
    if (item.kind === 'group') yield* cellsOf(item.values);
    else if (item.kind === 'repeat')
      for (const one of item.instances) yield* cellsOf(one.values);
    else yield item;
  }
}

// Tabs: what stands outside of repeats, each repeat, the history.
export function tabsOf(record) {
  const repeats = record.values.filter((item) => item.kind === 'repeat');
  // What has no words of its own, such as when the form was begun, comes last.
  const isBare = (item) => item.label === item.name && item.kind !== 'group';
  const others = record.values.filter((item) => item.kind !== 'repeat');
  const bare = others.filter(isBare);
  const rest = others.filter((item) => !isBare(item));

  if (bare.length > 0)
    rest.push({ kind: 'group', path: '.', label: tr('About the filling'), values: bare });

  return [...(rest.length > 0 ? [{ id: 'facts', label: tr('Basics'), items: rest }] : []),
    ...repeats.map((item) => ({ id: item.path, items: [item],
      label: `${plain(item.label)} ${item.instances.length}` })),
    ...(photosOf(record.values).length > 0 ? [{ id: 'photos', items: [],
      label: `${tr('Photos')} ${photosOf(record.values).length}` }] : []),
    { id: 'history', label: tr('History'), items: [] }];
}

// ---- what is shown ----

function Fact({ cell, record, notes, onHistory, onAmend, onChange }) {
  const conflicts = record.conflicts.filter((one) => one.path === cell.path);

  return html`<div class="fact"><dt>${nameless(cell) || plain(cell.label ?? tr('Item'))}${cell.sensitive &&
      html` <span class="tag"><${Icon} name="lock" />${tr('confidential')}</span>`}</dt>
    <dd>${cell.kind === 'conflict'
      ? html`<span class="tag conflict"><${Icon} name="conflict" />${tr('open question')}</span>`
      : cellWords(cell)}${cell.sealed && !record.sealed &&
      html` <span class="tag"><${Icon} name="lock" />${tr('sealed')}</span>`}</dd>
    <dd class="row">${cell.sealed && cell.path && cell.kind === 'value' && onAmend && html`
      <button type="button" class="button plain" onClick=${() => onAmend(cell)}><${Icon}
        name="edit" />${tr('Put right')}</button>`}
      ${cell.path && html`<button type="button" class="button plain"
      onClick=${() => onHistory(cell)}><${Icon} name="clock" /><span class="hidden">${
      tr('History of {name}', { name: plain(cell.label ?? '') })}</span></button>`}</dd>
    ${(notes ?? []).filter((note) => note.field && note.field === cell.path).map((note) => html`<dd
      class="wide-part" key=${note.note}><${Note} note=${note} /></dd>`)}
    ${conflicts.map((one) => html`<dd class="wide-part" key=${one.kind}><${Conflict} conflict=${one}
      record=${record} onDone=${onChange} /></dd>`)}</div>`;
}

// What a visit keeps for the program: people read names.
const CODES = new Set(['household', 'task', 'person', 'facts_hash', 'device', 'household_name']);

function Items({ items, depth, ...rest }) {
  const plainCells = items.filter((item) => item.kind !== 'group' && item.kind !== 'repeat' &&
    !(rest.record.form === 'visit' && CODES.has(item.name)));

  return html`${plainCells.length > 0 && html`<dl class="facts">${plainCells.map((cell) =>
      html`<${Fact} key=${cell.path ?? cell.number} cell=${cell} ...${rest} />`)}</dl>`}
    ${items.filter((item) => item.kind === 'group').map((item) => html`<section key=${item.path}>
      <h3>${plain(item.label)}</h3><${Items} items=${item.values} depth=${depth + 1} ...${rest} />
      </section>`)}
    ${items.filter((item) => item.kind === 'repeat').map((item) => html`<section key=${item.path}
      class="stack">${depth > 0 && html`<h3>${plain(item.label)}</h3>`}
      ${item.instances.map((one, index) => {
        const above = rest.record.conflicts.filter((conflict) => conflict.path.endsWith(
          `[${one.id}]`) || conflict.path.endsWith(`[${one.id}]/@same`));
        return html`<div class="card stack" key=${one.id}>
          <h3>${plain(item.label)} ${index + 1}${titleOfInstance(one)}</h3>
          ${above.map((conflict) => html`<${Conflict} key=${conflict.path} conflict=${conflict}
            record=${rest.record} onDone=${rest.onChange} />`)}
          <${Items} items=${one.values} depth=${depth + 1} ...${rest} /></div>`;
      })}</section>`)}`;
}

// Open questions that stand at nothing that is shown, such as a member whom one removed.
function Loose({ record, onChange }) {
  const paths = new Set();
  const instances = [];
  const collect = (items) => items.forEach((item) => {
    if (item.path) paths.add(item.path);
    (item.instances ?? []).forEach((one) => { instances.push(one.id); collect(one.values); });
    if (item.values) collect(item.values);
  });

  collect(record.values);
  return record.conflicts.filter((one) => !paths.has(one.path) && !instances.some((id) =>
    one.path.endsWith(`[${id}]`) || one.path.endsWith(`[${id}]/@same`)))
    .map((one) => html`<${Conflict} key=${one.path + one.kind} conflict=${one} record=${record}
      onDone=${onChange} />`);
}

export function Household({ words, shared }) {
  const [name, kind, task] = words; // what brought one here: a task, its kind of visit
  const { found, trouble, setTrouble, again } = useFound(async () => ({
    record: await api.record(name), around: await api.around(name) }));
  const { record, around } = found ?? {};
  const [amended, setAmended] = useState(null); // a cell, or {} for a supplement
  const [tab, setTab] = useState('');
  const [asked, setAsked] = useState(null);
  const [busy, setBusy] = useState(false);

  async function edit() {
    setBusy(true);
    try {
      const draft = await api.editRecord(name);
      go('draft', String(draft.draft));
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy(false);
  }
  async function visit() {
    setBusy(true);
    try {
      const draft = await api.beginVisit(name, kind, task);

      shared.refresh();
      go('visit', String(draft.draft));
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy(false);
  }
  function changed() {
    again();
    shared.refresh();
  }
  if (!record) return html`<${Frame} title=${tr('Household')} back="#/" shared=${shared}>
    <${Failure} trouble=${trouble} onAgain=${again} /></${Frame}>`;

  const isHousehold = record.form === 'household';
  const isVisit = record.form === 'visit';
  const tabs = tabsOf(record);
  const cells = [...cellsOf(record.values)];
  const home = isVisit && cells.find((cell) => cell.name === 'household')?.value;

  if (isHousehold) tabs.splice(-1, 0, { id: 'visits', items: [], label:
    `${tr('Visits')} ${around?.visits.length ?? 0}` });
  const now = tabs.find((one) => one.id === tab) ?? tabs[0];
  const marked = tabs.map((one) => {
    const open = [...cellsOf(one.items)].filter((cell) => cell.kind === 'conflict').length;
    return { ...one, mark: open > 0 && html` <span class="tag conflict">
      <${Icon} name="conflict" />${open}<span class="hidden">${tr('open question')}</span></span>`
        };
  });

  const panel = () => html`<div class=${now.id === 'facts' ? 'card stack' : 'stack'}><${Items}
    items=${now.items} depth=${0} record=${record} notes=${around?.notes} onHistory=${setAsked}
    onAmend=${isVisit ? setAmended : null} onChange=${changed} /></div>`;

  const change = (how) => html`<${Button} kind=${how} icon="edit" busy=${busy} onClick=${edit}>${
    tr('Change')}</${Button}>`;
  const toSign = (label) => html`<a class="button primary" href="#/sign/${encodeURIComponent(name)}">
    <${Icon} name="pen" />${label}</a>`;
  let foot = html`<span></span>${change('primary')}`;

  if (isHousehold)
    foot = html`${change('')}<${Button} kind="primary" icon="home" busy=${busy} onClick=${visit}>${
      around?.draft ? tr('Go on with the visit') : tr('Begin a visit')}</${Button}>`;
  else if (isVisit && record.sealed)
    foot = html`<${Button} icon="edit" onClick=${() => setAmended({})}>${tr('Supplement')}</${Button}>
      ${toSign(tr('Signatures'))}`;
  else if (isVisit) foot = html`${change('')}${toSign(tr('Sign'))}`;

  return html`<${Frame} wide title=${record.title || tr('Without a name')}
    back=${home ? `#/record/${encodeURIComponent(home)}` : '#/'} shared=${shared}
    foot=${foot}>
    <${Failure} trouble=${trouble} />
    <p class="row"><span class="quiet">${[areaName(record), record.form_title].filter(Boolean)
        .join(' · ')}</span>
      ${record.pending ? html`<span class="tag tablet"><${Icon} name="tablet" />${
        tr('on this tablet')}</span>` : html`<span class="tag server"><${Icon} name="server" />${
        tr('in the county')}</span>`}
      ${record.sealed && html`<span class="tag"><${Icon} name="lock" />${tr('sealed')}</span>`}
      ${record.withdrawn && html`<span class="tag warning"><${Icon} name="warning" />${
        tr('withdrawn')}</span>`}</p>
    ${record.returned?.filter((one) => one.returned).map((one) => html`<${Notice} key=${one.dot}
      kind="warning"><p>${tr('The county gave a change back: {reason}',
        { reason: one.reason ?? '' })}</p></${Notice}>`)}
    ${record.late?.length > 0 && html`<${Notice} kind="warning"><p>${
      tr('{n} answers came after the sealing and stand beside it.', { n: record.late.length })
    }</p></${Notice}>`}
    ${isVisit && record.sealed && html`<${Notice} icon="lock"><p>${
      tr('Sealed. What is added later stands beside it, signed.')}</p></${Notice}>`}
    <${Amendments} list=${record.amendments} />
    <${Notes} notes=${around?.notes} />
    ${isHousehold && html`<${Benefit} benefit=${around?.benefit} />`}
    <${Loose} record=${record} onChange=${changed} />
    <${Tabs} tabs=${marked} selected=${now.id} onSelect=${setTab} panel="panel"
      label=${tr('Parts of the record')} />
    <div id="panel" role="tabpanel" tabindex="0" aria-label=${now.label} class="stack">
      ${now.id === 'history' ? html`<${Changes} record=${name} />`
        : now.id === 'visits' ? html`<${Visits} visits=${around?.visits} />`
        : isVisit && now.id === 'neighbour' ? html`<${Private} key=${now.id} show=${panel} />`
        : now.id === 'photos' ? html`<${Photos} list=${photosOf(record.values)}
            record=${name} onChange=${again} />`
        : panel()}</div>
    ${amended && html`<${Amend} record=${name} cell=${amended.path ? amended : null}
      onClose=${() => setAmended(null)} onDone=${changed} />`}
    ${asked && html`<${ValueHistory} record=${name} cell=${asked}
          onClose=${() => setAsked(null)} />`}
  </${Frame}>`;
}
