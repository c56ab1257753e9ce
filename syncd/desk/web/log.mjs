// log.mjs: what the staff did, for who audits them: newest first, by person, act, object and day.
import { html, useState } from 'kit/html.mjs';
import { Button, Field } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { get } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { query } from './api.mjs';
import { Frame } from './frame.mjs';
import { Chips, List, useList } from './list.mjs';
import { refilter } from './route.mjs';

const NAMES = ['who', 'action', 'object', 'from', 'to'];

const label = (name) => ({ who: tr('Who'), action: tr('Act'), object: tr('Object'),
  from: tr('From'), to: tr('To') }[name]);

export function Log({ filters }) {
  const [typed, setTyped] = useState(filters);
  // A name in an address would stay in the history: it is kept on the page only.
  const [who, setWho] = useState('');
  const wanted = { ...filters, who };
  const list = useList('log', (after) => get(query('api/log', { ...wanted, after })),
    NAMES.map((name) => wanted[name] ?? ''));
  const field = (name, type = 'text') => html`<${Field} label=${label(name)} type=${type}
    value=${typed[name] ?? ''} onInput=${(text) => setTyped({ ...typed, [name]: text })} />`;

  function apply(now) {
    const { who: name = '', ...rest } = now;

    setTyped(now);
    setWho(name);
    refilter(rest);
  }

  return html`<${Frame} title=${tr('Log')}>
    <form class="filters" autocomplete="off" onSubmit=${(event) => {
      event.preventDefault();
      apply(typed);
    }}>${field('who')}${field('action')}${field('object')}${field('from', 'date')}${
      field('to', 'date')}<${Button} kind="primary" type="submit" icon="search">${
      tr('Show')}</${Button}></form>
    <${Chips} chips=${NAMES.filter((name) => wanted[name]).map((name) => ({
      label: `${label(name)}: ${wanted[name]}`,
      onRemove: () => apply({ ...typed, [name]: '' }) }))} />
    <${List} list=${list} label=${tr('Log')} columns=${[
      { id: 'number', label: tr('Number'), kind: 'number', cell: (act) => act.number },
      { id: 'at', label: tr('When'), cell: (act) => moment(act.at) },
      { id: 'who', label: tr('Who'), cell: (act) => act.who },
      { id: 'action', label: tr('Act'), cell: (act) => html`<span lang="en">${
        act.action}</span>` },
      { id: 'object', label: tr('Object'), cell: (act) => act.object },
      { id: 'reason', label: tr('Reason'), cell: (act) => act.reason },
    ]} /></${Frame}>`;
}
