// papers.mjs: what is printed of a meeting, by the browser, on A4: who signed in, the tally with its
// board, and the sheet for the posting. Nothing stands on them that the results do not tell.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure } from 'kit/components.mjs';
import { clock, day } from 'kit/format.mjs';
import { Code } from 'kit/qr.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';
import { areaName } from './home.mjs';
import { Board, categoryWords, modeWords, roleWords, ruleWords } from 'form/meeting_words.mjs';

function Sheet({ meeting, title, children }) {
  return html`<section class="sheet"><header><h2>${title}</h2><p>${meeting.title}</p>
      <dl class="sheet-facts"><div><dt>${tr('Village')}</dt><dd>${areaName(meeting)}</dd></div>
        <div><dt>${tr('Place')}</dt><dd>${meeting.place}</dd></div>
        <div><dt>${tr('Time')}</dt><dd>${meeting.papers.begun &&
          `${day(meeting.papers.begun)} ${clock(meeting.papers.begun)}`}${
          meeting.papers.ended && ` — ${clock(meeting.papers.ended)}`}</dd></div></dl></header>
    ${children}
    <footer>${tr('Meeting {id}', { id: meeting.id })}${meeting.result_short &&
      ` · ${tr('result {hash}', { hash: meeting.result_short })}`}</footer></section>`;
}

const Signature = ({ hash }) => hash && html`<img class="signed" alt=${tr('signature')}
  src=${api.attachmentAddress(hash)} />`;

function SignIn({ meeting }) {
  return html`<${Sheet} meeting=${meeting} title=${tr('Sign-in sheet')}>
    <p>${tr('{due} due, {present} present', { due: meeting.members.length,
      present: meeting.members.filter((one) => one.present).length })}</p>
    <table><thead><tr><th>${tr('Seat')}</th><th>${tr('Member')}</th><th>${tr('Category')}</th><th>${
      tr('Present')}</th><th class="wide-cell">${tr('Signature')}</th></tr></thead>
    <tbody>${meeting.members.map((one) => html`<tr key=${one.id}><td>${one.seat}</td><td>${one.name}
      </td><td>${categoryWords(one.category)}</td><td>${one.present ? '✓' : ''}</td>
      <td><${Signature} hash=${meeting.papers.signatures[one.seat]} /></td></tr>`)}</tbody></table>
    <table><tbody>${[['chair', meeting.chair], ['recorder', meeting.recorder],
      ...meeting.papers.tellers.map((name) => ['teller', name]), ['observer', meeting.observer]]
      .filter(([, name]) => name).map(([role, name]) => html`<tr key=${role + name}><th>${
      roleWords(role)}</th><td>${name}</td></tr>`)}</tbody></table></${Sheet}>`;
}

const cells = (result) => (result.yes === null
  ? html`<td colspan="3" class="withheld">${result.withheld ? tr('not told, to keep the secret') : ''}
    </td>`
  : html`<td><${Board} count=${result.yes} /></td><td><${Board} count=${result.no} /></td>
    <td><${Board} count=${result.abstain} /></td>`);

function Tally({ meeting }) {
  return html`<${Sheet} meeting=${meeting} title=${tr('Tally')}>
    <p>${tr('Way of voting')}：${modeWords(meeting.mode)}</p>
    <table class="tally"><thead><tr><th>${tr('No.')}</th><th>${tr('Whose household')}</th><th>${
      tr('May vote')}</th><th>${tr('Agree')}</th><th>${tr('Disagree')}</th><th>${tr('Abstained')}</th>
      <th>${tr('Invalid')}</th><th>${tr('Not used')}</th><th>${tr('Result')}</th></tr></thead>
    <tbody>${meeting.items.map(({ id, position, subject, result }) => html`<tr key=${id}><td>${
      position}</td><td>${subject}</td><td>${result.eligible}</td>${cells(result)}<td>${
      result.invalid || ''}</td><td>${result.unused || ''}</td><td>${result.state_words}</td></tr>`)}
    </tbody></table>
    <table class="signers"><tbody>${(meeting.papers.signers.length > 0 ? meeting.papers.signers
      : [{ role: 'chair' }, { role: 'recorder' }, { role: 'teller' }, { role: 'teller' }])
      .map((one, index) => html`<tr key=${index}><th>${roleWords(one.role)}</th><td>${one.name}</td>
        <td class="wide-cell"><${Signature} hash=${one.signature} /></td></tr>`)}</tbody></table>
    </${Sheet}>`;
}

function Posting({ meeting }) {
  const rules = Object.fromEntries(ruleWords(meeting.rules.values));

  return html`<${Sheet} meeting=${meeting} title=${tr('Result of the evaluation')}>
    <p>${tr('The panel has judged whether what was reported is true. It does not approve or refuse.')}
    </p><p>${rules.threshold} ${rules.quorum}</p>
    <p>${tr('{due} due, {present} present', { due: meeting.members.length,
      present: meeting.members.filter((one) => one.present).length })}</p>
    <table><thead><tr><th>${tr('No.')}</th><th>${tr('Whose household')}</th><th>${tr('Agree')}</th><th>${
      tr('Disagree')}</th><th>${tr('Abstained')}</th><th>${tr('Result')}</th><th>${
      tr('What follows')}</th></tr></thead>
    <tbody>${meeting.items.map(({ id, position, subject, result }) => html`<tr key=${id}><td>${
      position}</td><td>${subject}</td>${result.yes === null ? html`<td colspan="3"
        class="withheld">${result.withheld ? tr('not told, to keep the secret') : ''}</td>`
      : html`<td>${result.yes}</td><td>${result.no}</td><td>${result.abstain}</td>`}<td>${
      result.state_words}</td><td>${result.next_words}</td></tr>`)}</tbody></table>
    ${meeting.result_qr && html`<div class="proof"><${Code} qr=${meeting.result_qr}
      label=${tr('Code of the result')} /><div><p>${tr('Result')} <b class="code">${
        meeting.result_short}</b></p><p class="small">${
      tr('Whoever was there has written down these eight characters. The county has the same ones; a later change would show.')
    }</p><p class="small hash">${meeting.result_hash}</p></div></div>`}
    <p class="right">${day(meeting.papers.ended ?? meeting.papers.begun)}</p></${Sheet}>`;
}

export function Papers({ words, shared }) {
  const [meeting, setMeeting] = useState(null);
  const [trouble, setTrouble] = useState(null);

  useEffect(() => {
    api.meeting(words[0]).then(setMeeting, setTrouble);
  }, []);
  return html`<${Frame} title=${tr('Papers to print')} wide shared=${shared}
    back="#/meeting/${encodeURIComponent(words[0])}" foot=${html`<span></span><${Button}
      kind="primary" onClick=${() => print()}>${tr('Print')}</${Button}>`}>
    <${Failure} trouble=${trouble} />
    ${meeting && html`<${SignIn} meeting=${meeting} />
      ${meeting.mode && html`<${Tally} meeting=${meeting} />`}
      ${meeting.rules && meeting.mode && html`<${Posting} meeting=${meeting} />`}`}
  </${Frame}>`;
}
