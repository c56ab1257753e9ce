// meetings.mjs: evaluation meetings as they came from the tablets: which there are, whether they are
// valid and why not, what came of each household, and what a person has to decide.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, Notice } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Result } from 'form/meeting_result.mjs';
import { Rules, modeWords } from 'form/meeting_words.mjs';
import { query } from './api.mjs';
import { Frame } from './frame.mjs';
import { List, useList } from './list.mjs';
import { href } from './route.mjs';
import { areaName } from './words.mjs';

const path = (id) => `api/meetings/${encodeURIComponent(id)}`;

// ---- a person's word ----

function Deciding({ meeting, item, onClose, onDone }) {
  const [decision, setDecision] = useState('');
  const [reason, setReason] = useState('');
  const [trouble, setTrouble] = useState(null);
  const choices = [['stands', tr('The result of this meeting stands')],
    ['again', tr('It is voted on again, in another meeting')]];

  async function decide() {
    try {
      await post(`${path(meeting.id)}/decide`, { item: item?.id ?? '', decision, reason });
      onDone();
    } catch (failure) {
      setTrouble(failure);
    }
  }
  return html`<${Dialog} title=${item ? tr('Decide on {name}', { name: item.subject })
      : tr('Decide on the meeting')} onClose=${onClose}>
    <fieldset class="stack"><legend class="label">${tr('What holds')}</legend><div
      class="choices">${choices.map(([value, label]) => html`<label class="choice" key=${value}>
      <input type="radio" name="decision" checked=${decision === value}
        onChange=${() => setDecision(value)} /><span>${label}</span></label>`)}</div></fieldset>
    <${Field} label=${tr('Reason')} hint=${tr('It is signed in your name; the tablets of the area read it.')}
      value=${reason} onInput=${setReason} />
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" icon="check" disabled=${!decision || !reason.trim()}
        onClick=${decide}>${tr('Decide')}</${Button}></div></${Dialog}>`;
}

function Decision({ one }) {
  return html`<${Notice}><p><strong>${one.decision === 'stands'
    ? tr('The result of this meeting stands') : tr('It is voted on again, in another meeting')}
    </strong></p><p>${one.reason}</p><p class="quiet small">${one.by} · ${moment(one.at)}</p>
    </${Notice}>`;
}

// ---- one meeting ----

function Item({ meeting, item, mayDecide, onDecide }) {
  const doubles = meeting.doubles.filter((one) => one.item === item.id);
  const decisions = meeting.decisions.filter((one) => one.item === item.id);
  const isOpen = (doubles.some((one) => one.differs) || item.result.state === 'void');

  return html`<li class="card stack"><div class="row"><strong class="grow">${item.position}. ${
      item.subject}</strong>${mayDecide && isOpen && html`<${Button} icon="edit"
      onClick=${() => onDecide(item)}>${tr('Decide: {n}', { n: item.position })}</${Button}>`}</div>
    <${Result} result=${item.result} />
    ${doubles.map((one) => html`<${Notice} key=${one.meeting} kind=${one.differs ? 'conflict' : ''}
      ><p>${one.differs ? tr('Another meeting came to another result; a person decides.')
        : tr('Another meeting came to the same result.')} <a href=${href('meetings',
        [one.meeting])}>${one.title}</a></p></${Notice}>`)}
    ${decisions.map((one) => html`<${Decision} key=${one.at + one.reason} one=${one} />`)}</li>`;
}

function MeetingPage({ id, shared }) {
  const { found: meeting, trouble, again } = useFound(() => get(path(id)), [id]);
  const [deciding, setDeciding] = useState(null); // {item}
  const mayDecide = shared.me.may.includes('move') && ['closed', 'signed'].includes(meeting?.state);

  return html`<${Frame} title=${meeting?.title ?? tr('Meeting')} back=${href('meetings')}
    actions=${mayDecide && html`<${Button} icon="edit" onClick=${() => setDeciding({})}>${
      tr('Decide on the meeting')}</${Button}>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${meeting && html`<div class="columns"><section class="card stack"><dl class="facts">
        <dt>${tr('State')}</dt><dd>${meeting.state_words}</dd>
        <dt>${tr('Area')}</dt><dd>${meeting.area && areaName(meeting.area)}</dd>
        <dt>${tr('Place')}</dt><dd>${meeting.place}</dd>
        <dt>${tr('Chair')}</dt><dd>${meeting.chair}</dd>
        <dt>${tr('Recorder')}</dt><dd>${meeting.recorder}</dd>
        <dt>${tr('Way of voting')}</dt><dd>${modeWords(meeting.mode)}</dd>
        <dt>${tr('Present')}</dt><dd>${meeting.members.filter((one) => one.present).length} / ${
          meeting.members.length}</dd>
        <dt>${tr('Result')}</dt><dd class="code" lang="en">${meeting.result_short ?? '—'}</dd></dl>
      </section>
      <section class="card stack" aria-labelledby="valid"><h2 id="valid">${tr('Is it valid?')}</h2>
        ${meeting.problems.length === 0 ? html`<p class="row"><span class="tag safe"><${Icon}
          name="check" />${tr('Nothing is wrong with this meeting.')}</span></p>`
          : html`<ul class="rules">${meeting.problems.map((one) => html`<li key=${one.name}><${Icon}
            name="warning" /> ${one.text}</li>`)}</ul>`}
        ${meeting.decisions.filter((one) => !one.item).map((one) => html`<${Decision}
          key=${one.at + one.reason} one=${one} />`)}
        ${meeting.rules && html`<details><summary>${tr('Rules: {name}',
          { name: meeting.rules.profile })}</summary><${Rules} rules=${meeting.rules} /></details>`}
      </section></div>
      <section class="stack" aria-labelledby="results"><h2 id="results">${tr('Households')}</h2>
      <ul class="list">${meeting.items.map((item) => html`<${Item} key=${item.id} meeting=${meeting}
        item=${item} mayDecide=${mayDecide} onDecide=${(one) => setDeciding({ item: one })} />`)}
      </ul></section>
      ${deciding && html`<${Deciding} meeting=${meeting} item=${deciding.item}
        onClose=${() => setDeciding(null)} onDone=${() => { setDeciding(null); again(); }} />`}`}
  </${Frame}>`;
}

// ---- all of them ----

function MeetingList() {
  const list = useList('meetings', (after) => get(query('api/meetings', { after })));

  return html`<${Frame} title=${tr('Meetings')}><${List} list=${list} label=${tr('Meetings')}
    empty=${tr('No meeting has come in yet.')} columns=${[
      { id: 'title', label: tr('Title'), cell: (one) => one.title || one.id,
        href: (one) => href('meetings', [one.id]) },
      { id: 'area', label: tr('Area'), cell: (one) => one.area && areaName(one.area) },
      { id: 'state', label: tr('State'), cell: (one) => one.state_words },
      { id: 'households', label: tr('Households'), kind: 'number', cell: (one) => one.households },
      { id: 'passed', label: tr('True'), kind: 'number', cell: (one) => one.passed },
      { id: 'failed', label: tr('Looked into again'), kind: 'number', cell: (one) => one.failed },
      { id: 'void', label: tr('Void'), kind: 'number', cell: (one) => one.void },
      { id: 'open', label: tr('Open'), kind: 'number', optional: true, cell: (one) => one.open },
      { id: 'problems', label: tr('To be looked at'), kind: 'number', cell: (one) =>
        (one.problems > 0 ? html`<span class="tag warning"><${Icon} name="warning" />${one.problems}
          </span>` : '0') },
      { id: 'changed', label: tr('Changed'), optional: true, cell: (one) => moment(one.changed) },
    ]} /></${Frame}>`;
}

export function Meetings({ words, shared }) {
  return words[0] ? html`<${MeetingPage} id=${words[0]} shared=${shared} />` : html`<${MeetingList} />`;
}
