// history.mjs: who wrote what and when, of a record and of one value.
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
      <span class="quiet block small">${moment(one.at)}</span></li>`)}</ol></div>`;
}

export function ValueHistory({ record, cell, onClose }) {
  const [list, trouble] = useList(() => api.history(record, cell.path), cell.path);

  return html`<${Dialog} title=${plain(cell.label ?? '')} onClose=${onClose}>
    <${Failure} trouble=${trouble} />
    <ol class="versions">${[...(list ?? [])].reverse().map((one) => html`<li key=${one.dot}
      class="version ${one.live ? 'live' : ''}"><strong>${one.value === null ? tr('no answer')
        : cellWords({ type: cell.type, value: one.value, text: one.text })}</strong>
      ${one.live && html` <span class="tag server"><${Icon} name="check" />${tr('valid')}</span>`}
      <span class="quiet block small">${kindWords(one.kind)} · ${one.author} · ${
        moment(one.at)}</span></li>`)}</ol>
    <p class="quiet small">${
      tr('Older values that were replaced are kept by the county.')}</p>
    <div><${Button} onClick=${onClose}>${tr('Close')}</${Button}></div></${Dialog}>`;
}
