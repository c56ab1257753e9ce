// record.mjs: one record: its values left in the groups of its form, the history of the one that was
// chosen right, and what staff say of it and do about it.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Notice, Tabs, toast } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';
import { formName, label, noteName, reviewTag, stateTag, taskKind, taskKinds, taskState }
  from './case_words.mjs';
import { Frame } from './frame.mjs';
import { Income } from './income.mjs';
import { Sheet } from './sheet.mjs';
import { href } from './route.mjs';
import { Area, Why } from './say.mjs';
import { Values } from './values.mjs';
import { Versions } from './versions.mjs';
import { areaName, roleName } from './words.mjs';

// ---- notes and tasks ----

function Notes({ document, onSay, onShow, maySay }) {
  return html`<div class="stack">
    ${document.notes.length === 0 && html`<p class="quiet">${tr('Nobody has said anything yet.')
      }</p>`}
    <ol class="versions">${[...document.notes].reverse().map((one) => html`<li class="version"
      key=${one.id}><strong>${noteName(one.kind)}</strong> · ${one.from || one.author?.name}
      <span class="small quiet block">${moment(one.at)}${one.field && html` · <button type="button"
        class="link" onClick=${() => onShow(one.field)}>${tr('about an answer')}</button>`}</span>
      ${one.text && html`<span class="block">${one.text}</span>`}</li>`)}</ol>
    ${maySay && html`<div><${Button} icon="edit" onClick=${onSay}>${
      tr('Comment')}</${Button}></div>`}</div>`;
}

function Tasks({ document, mayMove, onAssign, onCancel }) {
  return html`<div class="stack">
    ${document.tasks.length === 0 && html`<p class="quiet">${tr('Nobody is to go there.')}</p>`}
    <ol class="versions">${document.tasks.map((one) => html`<li class="version" key=${one.id}>
      <strong>${taskKind(one.kind)}</strong> · ${taskState(one.state)}
      <span class="block">${one.assignee || tr('anybody of the area')}${one.due
        ? ` · ${tr('due {day}', { day: day(one.due) })}` : ''}</span>
      ${one.message && html`<span class="block">${one.message}</span>`}
      ${mayMove && one.state === 'open' && html`<${Button} kind="plain" icon="close"
        onClick=${() => onCancel(one)}>${tr('Call off')}</${Button}>`}</li>`)}</ol>
    ${mayMove && document.field && html`<div><${Button} icon="person" onClick=${onAssign}>${
      tr('Send somebody')}</${Button}></div>`}</div>`;
}

function Assign({ id, onDone, onClose }) {
  const [people, setPeople] = useState([]);
  const [order, setOrder] = useState({ kind: '2', assignee: '', due: '', message: '' });
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (key) => (value) => setOrder({ ...order, [key]: value });

  useEffect(() => {
    api.workers(id).then(({ items }) => setPeople(items), setTrouble);
  }, [id]);
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await api.task(id, order);
      onDone();
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  const select = (name, value, onChange, options) => html`<label class="field"><span
    class="label">${name}</span><select class="input" value=${value} onChange=${(event) =>
    onChange(event.currentTarget.value)}>${options.map(([one, words]) => html`<option key=${one}
      value=${one}>${words}</option>`)}</select></label>`;

  return html`<${Dialog} title=${tr('Send somebody')} onClose=${onClose}>
    <form class="stack" autocomplete="off" onSubmit=${send}>
    ${select(tr('Kind of task'), order.kind, set('kind'), taskKinds())}
    ${select(tr('Who'), order.assignee, set('assignee'), [['', tr('anybody of the area')],
      ...people.map((one) => [one.person, one.role === 'pollster'
        ? `${one.name} · ${roleName(one.role)}` : one.name])])}
    <${Field} label=${tr('Due')} type="date" value=${order.due} onInput=${set('due')} />
    <${Area} label=${tr('What is to be done')} value=${order.message} onInput=${set('message')} />
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" busy=${busy}>${tr('Send')}</${Button}></div></form>
  </${Dialog}>`;
}

// ---- what can be done ----

const ASKS = {
  reveal: () => ({ title: tr('Look behind the mask'), action: tr('See it'),
    hint: tr('Your name and this reason are logged.') }),
  return: () => ({ title: tr('Return to the worker'), action: tr('Return'),
    words: tr('What is missing or wrong'),
    hint: tr('It stands on the first page of his tablet after the next sending.') }),
  approve: () => ({ title: tr('Approve'), action: tr('Approve'), words: tr('A word about it'),
    optional: true }),
  mark: () => ({ title: tr('Mark for later'), action: tr('Mark'), words: tr('What for') }),
  reopen: () => ({ title: tr('Open again'), action: tr('Open again'), words: tr('What for') }),
  comment: () => ({ title: tr('Comment'), action: tr('Say it'), words: tr('What you want to say'),
    hint: tr('Tablets of the area see it.') }),
  cancel: () => ({ title: tr('Call the task off'), action: tr('Call off') }),
};

function Actions({ document, me, ask }) {
  const may = (ability) => me.may.includes(ability);
  const open = document.review === 'approve';

  return html`${may('reveal') && document.masked && html`<${Button} icon="lock"
      onClick=${() => ask('reveal')}>${tr('Look behind the mask')}</${Button}>`}
    ${may('move') && document.field && !document.withdrawn && html`
      ${open ? html`<${Button} icon="edit" onClick=${() => ask('reopen')}>${
          tr('Open again')}</${Button}>`
        : html`<${Button} icon="check" onClick=${() => ask('approve')}>${
          tr('Approve')}</${Button}>`}
      <${Button} icon="back" onClick=${() => ask('return')}>${tr('Return')}</${Button}>
      <${Button} icon="pen" onClick=${() => ask('mark')}>${tr('Mark')}</${Button}>`}
    <${Button} icon="list" onClick=${() => window.print()}>${tr('Print')}</${Button}>`;
}

function Questions({ document }) {
  if (document.questions.length === 0) return null;
  return html`<${Notice} kind="conflict"><p>${tr('{n} open questions: {what}', {
    n: document.questions.length, what: document.questions.map((one) => one.label ?? one.kind)
      .join('、') })}</p><p><a href=${href('conflicts', [document.id])}>${
    tr('See both sides and decide')}</a></p></${Notice}>`;
}

function Head({ document }) {
  return html`<p class="row"><span>${[document.form_title || formName(document.form),
      document.areas.map(areaName).join('、'), document.id].join(' · ')}</span>
    ${document.sealed && stateTag('sealed')}${document.withdrawn && stateTag('withdrawn')}
    ${document.review && reviewTag(document.review)}
    <span class="quiet">${tr('changed {when}', { when: moment(document.changed) })}</span></p>`;
}

const cellsOf = (values) => values.flatMap((one) => (one.kind === 'group' ? cellsOf(one.values)
  : one.kind === 'repeat' ? one.instances.flatMap((two) => cellsOf(two.values)) : [one]));

export function RecordPage({ id, shared }) {
  const { found: document, reason, trouble, again, look } =
    useFound((why) => api.record(id, why), [id]);
  const [chosen, setChosen] = useState(null);
  const [tab, setTab] = useState('history');
  const [asked, setAsked] = useState(null); // [what, about]
  const { me } = shared;

  if (!document) return html`<${Frame} title=${tr('Records')} back=${href('records')}>
    <${Failure} trouble=${trouble} onAgain=${again} /></${Frame}>`;

  const show = (path) => {
    const cell = cellsOf(document.values).find((one) => one.path === path);

    if (cell) setChosen(cell);
    setTab('history');
  };
  async function answer(words) {
    const [what, about] = asked;

    if (what === 'reveal') await look(words);
    else if (what === 'cancel') await api.cancelTask(about.id, words);
    else await api.note(id, { kind: what, text: words, ...(about?.path && { field: about.path }) });
    if (what !== 'reveal') {
      toast(tr('Done. The tablets learn of it with the next sending.'));
      await look(reason);
    }
    setAsked(null);
  }
  const form = { record: id, chosen: chosen?.path, notes: document.notes, reason,
    choose: (cell) => { setChosen(cell); setTab('history'); } };
  const maySay = me.may.includes('comment') && document.field;
  const tabs = [{ id: 'history', label: tr('History') },
    { id: 'notes', label: tr('Said'), mark: document.notes.length > 0 &&
      html` <span class="tag">${document.notes.length}</span>` },
    { id: 'tasks', label: tr('Visits'), mark: document.tasks.length > 0 &&
      html` <span class="tag">${document.tasks.length}</span>` },
    ...(document.income ? [{ id: 'income', label: tr('Income') }] : [])].filter((one) => one.id === 'history' || me.may.includes('read'));

  return html`<${Frame} wide title=${document.title || tr('Without a name')} back=${href('records')}
      actions=${html`<${Actions} document=${document} me=${me}
        ask=${(what) => setAsked([what])} />`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    <${Head} document=${document} />
    <${Questions} document=${document} />
    ${document.late.length > 0 && html`<${Notice} kind="warning"><p>${
      tr('{n} answers came after the sealing and stand beside it.', { n: document.late.length })
      }</p></${Notice}>`}
    <div class="case">
      <div class="case-values stack">
        <${Values} values=${document.values} form=${form} />
        ${document.late.length > 0 && html`<section class="stack"><h2>${tr('Came late')}</h2>
          <ul class="plain">${document.late.map((one) => html`<li key=${one.path}>${label(one)}: ${
            one.text ?? one.value} · ${one.author?.name} · ${moment(one.at)}</li>`)}</ul>
          </section>`}</div>
      <aside class="case-side stack" aria-label=${tr('About what was chosen')}>
        <${Tabs} tabs=${tabs} selected=${tab} onSelect=${setTab} panel="case-panel"
          label=${tr('About what was chosen')} />
        <div id="case-panel" role="tabpanel" tabindex="0" class="stack"
            aria-label=${tabs.find((one) => one.id === tab)?.label}>
          ${tab === 'history' && html`<div class="row spread"><h2>${chosen ? label(chosen)
              : tr('All changes')}</h2>${chosen && html`<${Button} kind="plain"
              onClick=${() => setChosen(null)}>${tr('All changes')}</${Button}>`}</div>
            ${chosen && maySay && html`<div><${Button} icon="edit"
              onClick=${() => setAsked(['comment', chosen])}>${
              tr('Comment on this answer')}</${Button}></div>`}
            <${Versions} record=${id} cell=${chosen} reason=${reason}
              position=${document.position} />`}
          ${tab === 'notes' && html`<${Notes} document=${document} maySay=${maySay}
            onShow=${show} onSay=${() => setAsked(['comment'])} />`}
          ${tab === 'tasks' && html`<${Tasks} document=${document} mayMove=${me.may
            .includes('move')} onAssign=${() => setAsked(['assign'])}
            onCancel=${(task) => setAsked(['cancel', task])} />`}
          ${tab === 'income' && html`<${Income} record=${id} reason=${reason}
            position=${document.position} />`}</div></aside></div>
    ${asked?.[0] === 'assign' && html`<${Assign} id=${id} onClose=${() => setAsked(null)}
      onDone=${() => { setAsked(null); toast(tr('Done. The tablets learn of it with the next sending.'));
        again(); }} />`}
    ${asked && ASKS[asked[0]] && html`<${Why} ...${ASKS[asked[0]]()} onDone=${answer}
      onClose=${() => setAsked(null)}>${asked[1]?.path && html`<p><strong>${label(asked[1])
      }</strong></p>`}</${Why}>`}
    <${Sheet} document=${document} reason=${reason} />
  </${Frame}>`;
}
