// income.mjs: what a household lives on by the county's table: the verdict, and for whoever has said
// why, the amounts and how they come about.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Failure, Icon, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';

export const yuan = (value) => tr('{value} yuan', { value: Number(value).toLocaleString('en-US',
  { minimumFractionDigits: 2, maximumFractionDigits: 2 }) });

export function verdictWords(income) {
  if (!income.decided) return tr('not computable');
  if (income.eligible) return tr('below the standard');
  return income.edge ? tr('above the standard, an edge household') : tr('above the standard');
}

function Line({ name, value, note }) {
  return html`<tr><th scope="row">${name}${note && html`<span class="quiet small block">${
    note}</span>`}</th><td class="number">${yuan(value)}</td></tr>`;
}

export function Income({ record, reason, position }) {
  const [income, setIncome] = useState(null);
  const [trouble, setTrouble] = useState(null);

  useEffect(() => {
    let gone = false;

    api.income(record, reason).then((answer) => gone || (setIncome(answer), setTrouble(null)),
      (failure) => gone || setTrouble(failure));
    return () => { gone = true; };
  }, [record, reason, position]);
  if (trouble) return html`<${Failure} trouble=${trouble} />`;
  if (!income) return html`<p class="quiet">${tr('One moment…')}</p>`;
  return html`<div class="stack">
    <p><strong>${verdictWords(income)}</strong> <span class="quiet">${income.table} · ${
      tr('{n} persons', { n: income.persons })}</span></p>
    ${income.car && html`<p class="row"><${Icon} name="warning" />${tr('against it: a car')}</p>`}
    ${income.company && html`<p class="row"><${Icon} name="warning" />${
      tr('against it: a company or shop')}</p>`}
    ${income.assets && html`<p class="row"><${Icon} name="warning" />${
      tr('against it: financial assets above the bound')}</p>`}
    ${income.unclear.length > 0 && html`<${Notice} kind="warning"><p>${
      tr('This has to be cleared first:')}</p><ul>${income.unclear.map((one) => html`<li
      key=${one.path}><code>${one.path}</code> ${one.why}</li>`)}</ul></${Notice}>`}
    ${income.total === undefined ? html`<p class="quiet">${
      tr('The amounts are confidential. Look behind the mask to see them.')}</p>`
      : html`<table class="table"><tbody>${income.items.map((one, index) => html`<${Line}
        key=${index} name=${one.label} value=${one.yuan} note=${one.note} />`)}
        <${Line} name=${tr('total')} value=${income.total} />
        <${Line} name=${tr('deducted')} value=${income.deducted} />
        <${Line} name=${tr('net')} value=${income.net} />
        <${Line} name=${tr('a person and year')} value=${income.per_head} />
        <${Line} name=${tr('benefit a month')} value=${income.benefit} /></tbody></table>`}</div>`;
}
