// versions.mjs: every version of a value, the newest first: who, with what and where, when it was
// made and when it came, and why.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Failure, Icon } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';
import { changeName, deviceName, label, lineWords, valueWords } from './case_words.mjs';
import { Picture } from './picture.mjs';

function Version({ one, record, cell, reason }) {
  return html`<li class="version ${one.live ? 'live' : ''}">
    ${!cell && html`<span class="small quiet block">${one.label ?? (one.path === '@area' ? tr('Area')
      : one.path.endsWith(']') ? tr('The item itself') : one.path)}</span>`}
    <strong>${one.attachment ? html`<${Picture} record=${record} attachment=${one.attachment}
        name=${label(cell ?? one)} sensitive=${cell?.sensitive} reason=${reason} />`
      : valueWords(one, cell?.type)}</strong>
    ${one.live && html` <span class="tag server"><${Icon} name="check" />${tr('valid')}</span>`}
    ${one.quarantine && html` <span class="tag warning"><${Icon} name="warning" />${
      tr('change kept aside')}</span>`}
    <span class="block">${changeName(one.kind)} · ${one.author?.name || tr('the program')} · ${
      deviceName(one.device)}</span>
    <span class="small quiet block">${moment(one.made)} · ${one.area.name || one.area.area}${
      one.device !== 'county' ? ` · ${lineWords(one)}` : ''}</span>
    ${one.received && one.device !== 'county' && html`<span class="small quiet block">${
      tr('came in {when}', { when: moment(one.received) })}</span>`}
    ${one.reason && html`<span class="block reason">${tr('Reason')}: ${one.reason}</span>`}</li>`;
}

// cell: one value; none: the whole record. reason: said before, so nothing is masked.
export function Versions({ record, cell, reason, position }) {
  const [state, setState] = useState(null);
  const [trouble, setTrouble] = useState(null);

  useEffect(() => {
    let gone = false;

    setState(null);
    setTrouble(null);
    api.history(record, cell?.path, reason).then((answer) => gone || setState(answer),
      (failure) => gone || setTrouble(failure));
    return () => { gone = true; };
  }, [record, cell?.path, reason, position]);
  return html`<div class="stack"><${Failure} trouble=${trouble} />
    ${state === null && !trouble && html`<p class="quiet">${tr('One moment…')}</p>`}
    ${state && state.items.length === 0 && html`<p class="quiet">${tr('Nothing here.')}</p>`}
    <ol class="versions">${[...(state?.items ?? [])].reverse().map((one) => html`<${Version}
      key=${one.dot + one.path} one=${one} record=${record} cell=${cell} reason=${reason} />`)}</ol>
    ${state?.more && html`<p class="quiet">${tr('There is more than can be shown here.')}</p>`}
  </div>`;
}
