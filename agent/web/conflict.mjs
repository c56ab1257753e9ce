// conflict.mjs: an open question: all sides alike, in size and weight; what differs is the value,
// who wrote it and when. Whoever wrote none of them may decide, with a reason.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './api.mjs';

function question(conflict) {
  switch (conflict.kind) {
    case 'removed': return tr(
      'One person removed this, another went on writing in it. Does it stay?');
    case 'same': return tr('Are these two the same?');
    case 'soft': return tr('Taken together, these answers break a rule of the form.');
    case 'area': return tr('Two people put this record into different areas.');
    case 'seal': return tr('This was sealed twice, differently.');
    default: return tr('Two answers contradict each other. Both are kept until somebody decides.');
  }
}

// What one can answer besides keeping a side: [what is sent, words].
function others(conflict) {
  switch (conflict.kind) {
    case 'removed': return [[{ remove: true }, tr('Remove it')]];
    case 'same': return [[{ same: true }, tr('The same')], [{ different: true },
      tr('Not the same')]];
    case 'soft': return [[{ accept: true }, tr('Leave it so')]];
    default: return [];
  }
}

const keepable = (conflict) => !['same', 'soft'].includes(conflict.kind);

function Decide({ conflict, record, answer, words, onClose, onDone }) {
  const [reason, setReason] = useState('');
  const [trouble, setTrouble] = useState(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  async function decide(event) {
    event.preventDefault();
    if (busy) return;
    if (reason.trim() === '') {
      setError(tr('Write a reason; it stays with the record.'));
      return;
    }
    setBusy(true);
    try {
      await api.resolve(record.id, { path: conflict.path, reason, ...answer });
      toast(tr('Decided. The other tablets learn of it with the next sending.'));
      onClose();
      onDone();
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy(false);
  }
  return html`<${Dialog} title=${words} onClose=${onClose}>
    <form class="stack" autocomplete="off" onSubmit=${decide}>
      <${Field} label=${tr('Reason')} value=${reason} error=${error}
        onInput=${(text) => { setReason(text); setError(''); }} />
      <${Failure} trouble=${trouble} />
      <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" busy=${busy}>${words}</${Button}></div></form>
    </${Dialog}>`;
}

const sideWords = (side) => String(side.text ?? side.value ?? tr('no answer'));

export function Conflict({ conflict, record, onDone }) {
  const [asked, setAsked] = useState(null);
  const label = plain(conflict.label ?? '');

  const isSoft = conflict.kind === 'soft'; // nobody contradicts anybody: yellow
  const rule = conflict.sides.find((side) => side.rule)?.rule;

  return html`<section class="notice ${isSoft ? 'warning' : 'conflict'}" aria-label=${tr('Open question: {name}',
      { name: label })}><${Icon} name=${isSoft ? 'warning' : 'conflict'} />
    <div class="grow stack">
    <p><strong>${label}</strong> ${question(conflict)}${rule && ` ${rule}`}</p>
    <div class="sides">${conflict.sides.map((side) => html`<div class="side" key=${side.dot}>
      ${side.value !== null && html`<span class="side-value">${sideWords(side)}</span>`}
      <span>${side.author}</span><span class="small">${moment(side.at)}</span>
      ${keepable(conflict) && html`<${Button} onClick=${() => setAsked([{ keep: side.dot },
        side.value === null ? tr('Keep it') : tr('Keep “{value}”', { value: sideWords(side) })])}>${
        tr('Keep this')}</${Button}>`}</div>`)}</div>
    ${others(conflict).length > 0 && html`<div class="row">${
      others(conflict).map(([answer, words]) =>
      html`<${Button} key=${words} onClick=${() => setAsked([answer,
        words])}>${words}</${Button}>`)}
      </div>`}
    ${asked && html`<${Decide} conflict=${conflict} record=${record} answer=${asked[0]}
      words=${asked[1]} onClose=${() => setAsked(null)} onDone=${onDone} />`}
  </div></section>`;
}
