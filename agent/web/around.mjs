// around.mjs: what stands around a household: the button that begins a visit, its visits, the notes
// about it, and what it is entitled to, once that may be seen.
import { html } from 'kit/html.mjs';
import { Icon, Notice } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { kindWords, outcomeWords } from './today.mjs';

function noteTag(kind) {
  switch (kind) {
    case 'return': return ['warning', 'back', tr('given back')];
    case 'approve': return ['safe', 'check', tr('approved')];
    case 'mark': return ['', 'edit', tr('marked')];
    case 'reopen': return ['warning', 'sync', tr('opened again')];
    default: return ['', 'edit', tr('comment')];
  }
}

export function Note({ note }) {
  const [kind, icon, words] = noteTag(note.kind);

  return html`<${Notice} kind=${kind === 'warning' ? 'warning' : ''} icon=${icon}>
    <p><strong>${words}</strong>${note.text && ` · ${note.text}`}</p>
    <p class="quiet small">${[note.from, moment(note.at)].filter(Boolean).join(' · ')}</p>
  </${Notice}>`;
}

// Those about the record as a whole; those about a field stand at the field.
export function Notes({ notes }) {
  const general = (notes ?? []).filter((note) => !note.field);

  return general.length > 0 && html`<section class="stack" aria-label=${tr('Notes')}>
    ${general.map((note) => html`<${Note} key=${note.note} note=${note} />`)}</section>`;
}

export function Visits({ visits }) {
  if (!visits?.length) return html`<p class="quiet">${tr('No visit yet.')}</p>`;
  const list = [...visits].sort((a, b) => (b.begun ?? '').localeCompare(a.begun ?? ''));

  return html`<ul class="list">${list.map((visit) => html`<li key=${visit.id}><a class="item"
    href="#/record/${encodeURIComponent(visit.id)}"><${Icon} name="home" />
    <span class="grow"><strong>${visit.begun ? day(visit.begun) : tr('Visit')}</strong>
    <span class="quiet block small">${[kindWords(visit.kind), outcomeWords(visit.outcome)]
      .filter(Boolean).join(' · ')}</span></span>
    ${visit.signers >= 2 ? html`<span class="tag safe"><${Icon} name="lock" />${tr('sealed')}</span>`
      : html`<span class="tag warning"><${Icon} name="pen" />${
        tr('{n} of 2 have signed', { n: visit.signers })}</span>`}
    <${Icon} name="next" /></a></li>`)}</ul>`;
}

// ---- the benefit ----

export const yuan = (number) => `${Number(number ?? 0).toLocaleString('en-US', {
  minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${tr('yuan')}`;

function hiddenWords(state) {
  switch (state) {
    case 'visiting': return tr('The amount is shown when this visit is sealed.');
    case 'unsealed': return tr('The amount is shown when both investigators have signed the visit.');
    case 'changed': return tr(
      'The household has changed since its last visit. The amount is shown after the next one.');
    case 'no_table': return tr('The county’s table for the computation has not come yet.');
    case 'nobody': return tr('Nobody counts in this household yet, so there is nothing to compute.');
    default: return tr('The amount is shown after the first visit.');
  }
}

function Row({ label, value, strong }) {
  return html`<div class="fact"><dt>${label}</dt><dd class="money">${strong
    ? html`<strong>${value}</strong>` : value}</dd></div>`;
}

function noteWords(note) {
  switch (note) {
    case 'exempt': return tr('not counted by the rules');
    case 'labour': return tr('counted as labour');
    case 'support': return tr('counted as support');
    case 'twice': return tr('stands twice');
    case 'unknown': return tr('not in the table');
    default: return '';
  }
}

function Formula({ benefit }) {
  return html`<details><summary>${tr('How it is computed')}</summary>
    <dl class="facts">
    ${benefit.items.map((item, index) => html`<${Row} key=${index} label=${[item.label,
      noteWords(item.note)].filter(Boolean).join(' · ')} value=${item.counted ? yuan(item.yuan)
        : `(${yuan(item.yuan)})`} />`)}
    ${Number(benefit.labour) > 0 && html`<${Row} label=${tr('Labour of the members')}
      value=${yuan(benefit.labour)} />`}
    ${Number(benefit.support) > 0 && html`<${Row} label=${tr('Support of other families')}
      value=${yuan(benefit.support)} />`}
    <${Row} label=${tr('Income a year')} value=${yuan(benefit.total)} />
    <${Row} label=${tr('Deducted')} value=${yuan(benefit.deducted)} />
    <${Row} label=${tr('Counted income a year')} value=${yuan(benefit.net)} />
    <${Row} label=${tr('Standard: {standard} × {n} persons', { standard: yuan(benefit.standard),
      n: benefit.persons })} value=${yuan(Number(benefit.standard) * benefit.persons)} />
    <${Row} label=${tr('Gap a year')} value=${yuan(benefit.gap)} />
    <${Row} strong label=${tr('A month: the gap by 12, up to the whole yuan')}
      value=${yuan(benefit.benefit)} /></dl>
    <p class="quiet small">${tr('By the table {table}, ages on {day}.', { table: benefit.table,
      day: day(benefit.on) })}</p></details>`;
}

export function Benefit({ benefit }) {
  if (!benefit) return null;
  if (benefit.state !== 'shown')
    return html`<p class="quiet benefit-hidden"><${Icon} name="lock" /> ${
      hiddenWords(benefit.state)}</p>`;
  if (!benefit.decided)
    return html`<${Notice} kind="warning">${
      tr('Something in the income is still unclear, so there is no amount yet.')}</${Notice}>`;
  return html`<section class="card stack benefit" aria-label=${tr('Computed benefit')}>
    <p>${benefit.eligible ? tr('Below the standard') : benefit.edge
      ? tr('Above the standard, an edge household') : tr('Above the standard')}${' · '}
      <strong class="benefit-sum">${tr('{sum} a month', { sum: yuan(benefit.benefit) })}</strong></p>
    ${benefit.car && html`<${Notice} kind="warning">${tr('Against it: a car')}</${Notice}>`}
    ${benefit.company && html`<${Notice} kind="warning">${
      tr('Against it: a company or shop')}</${Notice}>`}
    ${benefit.assets && html`<${Notice} kind="warning">${
      tr('Against it: financial assets above the bound')}</${Notice}>`}
    <${Formula} benefit=${benefit} />
    <p class="quiet small">${tr(
      'What the county’s table gives. It is decided in the reviews, not here.')}</p></section>`;
}
