// history.mjs: who wrote what, when and why, of a record and of one value; what was added to a record
// after it was sealed.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Icon } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './api.mjs';
import { cellWords } from './cell.mjs';

function kindWords(kind) {
  switch (kind) {
    case 'create': return tr('made');
    case 'edit': return tr('changed');
    case 'remove': return tr('removed');
    case 'resolve': return tr('decided');
    case 'seal': return tr('sealed');
    case 'amend': return tr('amended');
    case 'move': return tr('moved to another area');
    case 'accept': return tr('accepted');
    case 'same': return tr('found to be the same');
    default: return kind;
  }
}

// A decision and an amendment have a reason, always; this tablet may not know it.
function Why({ change }) {
  if (change.reason)
    return html`<span class="block">${tr('Reason: {reason}', { reason: change.reason })}</span>`;
  if (change.kind !== 'resolve' && change.kind !== 'amend') return null;
  return html`<span class="quiet block small">${change.reason_erased
    ? tr('The reason was erased by law.')
    : tr('The reason is older than this tablet’s beginning; the county has it.')}</span>`;
}

function useList(load, key) {
  const [list, setList] = useState(null);
  const [trouble, setTrouble] = useState(null);

  useEffect(() => {
    load().then(setList, setTrouble);
  }, [key]);
  return [list, trouble];
}

export function Changes({ record }) {
  const [list, trouble] = useList(() => api.history(record), record);

  return html`<div class="card"><${Failure} trouble=${trouble} />
    <ol class="versions">${[...(list ?? [])].reverse().map((one) => html`<li class="version live"
      key=${one.dot}><strong>${kindWords(one.kind)}</strong> · ${one.author}
      ${one.fields && html`<span class="block">${one.fields.map((field) => plain(field.label))
        .join(' · ')}</span>`}
      <${Why} change=${one} />
      <span class="quiet block small">${moment(one.at)}</span></li>`)}</ol></div>`;
}

const wordsOf = (answer) => (answer.value === null ? tr('no answer') : cellWords(answer));

// Who has said what beyond the seal, the last one first.
export function Amendments({ list }) {
  return list?.length > 0 && html`<section class="card stack" aria-labelledby="amendments">
    <h2 id="amendments"><${Icon} name="edit" /> ${tr('Added after the sealing')}</h2>
    <ol class="versions">${[...list].reverse().map((one) => html`<li class="version live"
      key=${one.dot}>${one.answers.map((answer) => html`<p key=${answer.path}><strong>${
        plain(answer.label ?? answer.path ?? '')}</strong> · ${answer.before && html`<del>${
        wordsOf({ ...answer, text: undefined, ...answer.before })}</del> → `}${
        wordsOf(answer)}</p>`)}
      <${Why} change=${one} />
      <span class="quiet block small">${one.author} · ${moment(one.at)}</span></li>`)}</ol>
  </section>`;
}

export function ValueHistory({ record, cell, onClose }) {
  const [list, trouble] = useList(() => api.history(record, cell.path), cell.path);

  return html`<${Dialog} title=${plain(cell.label ?? '')} onClose=${onClose}>
    <${Failure} trouble=${trouble} />
    <ol class="versions">${[...(list ?? [])].reverse().map((one) => html`<li key=${one.dot}
      class="version ${one.live ? 'live' : ''}"><strong>${one.value === null ? tr('no answer')
        : cellWords({ type: cell.type, value: one.value, text: one.text })}</strong>
      ${one.live && html` <span class="tag server"><${Icon} name="check" />${tr('valid')}</span>`}
      <${Why} change=${one} />
      <span class="quiet block small">${kindWords(one.kind)} · ${one.author} · ${
        moment(one.at)}</span></li>`)}</ol>
    <p class="quiet small">${
      tr('Older values that were replaced are kept by the county.')}</p>
    <div><${Button} onClick=${onClose}>${tr('Close')}</${Button}></div></${Dialog}>`;
}
