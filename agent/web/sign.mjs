// sign.mjs: sealing a visit: each investigator signs with his own secret. Afterwards nothing in it can
// be changed; what is said later stands beside it, with a reason and a signature.
import { html, useState } from 'kit/html.mjs';
import { Dialog, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';
import { Secret } from './secret.mjs';

function Signer({ one, record, onVisit }) {
  async function sign(secret) {
    onVisit(await api.sign(record, one.person, secret));
    toast(tr('{name} has signed.', { name: one.name }));
  }
  return html`<section class="card stack" aria-label=${one.name}>
    <h2><${Icon} name="person" /> ${one.name} <span class="quiet small">${one.role === 'lead'
      ? tr('Lead') : tr('Second')}</span></h2>
    ${one.signed ? html`<p><span class="tag safe"><${Icon} name="check" />${
      tr('has signed')}</span></p>`
      : one.is_relative ? html`<${Notice} kind="warning">${
        tr('A near relative does not sign.')}</${Notice}>`
      : one.person ? html`<${Secret} name=${one.name} label=${tr('I sign')} run=${sign} />`
      : html`<p class="quiet">${tr('Was written by hand and cannot sign here.')}</p>`}</section>`;
}

export function Sign({ words, shared }) {
  const [record] = words;
  const { found, trouble, again } = useFound(() => api.visitOf(record));
  const [signed, setSigned] = useState(null); // the visit as the last signature left it
  const visit = signed ?? found;
  const back = `#/record/${encodeURIComponent(record)}`;

  if (!visit) return html`<${Frame} title=${tr('Sign')} back=${back} shared=${shared}>
    <${Failure} trouble=${trouble} onAgain=${again} /></${Frame}>`;
  return html`<${Frame} title=${tr('Sign')} back=${back} shared=${shared}
    foot=${visit.complete && html`<span></span><a class="button primary"
      href=${visit.household ? `#/record/${encodeURIComponent(visit.household)}` : back}>${
      tr('To the household')}<${Icon} name="next" /></a>`}>
    ${visit.complete ? html`<${Notice} icon="lock"><p><strong>${
        tr('Sealed. Nothing in this visit can be changed any more.')}</strong></p>
        <p>${tr('What is to be added later stands beside it, with a reason and a signature.')}</p>
        </${Notice}>`
      : html`<${Notice} kind="warning"><p>${tr(
        'With your signature you say: I was there, and it is as written. Afterwards it is closed.')
        }</p></${Notice}>`}
    ${visit.facts === 'changed' && html`<${Notice} kind="warning">${
      tr('The household was changed after this visit ended.')}</${Notice}>`}
    ${visit.investigators.length < 2 && html`<${Notice} kind="warning">${
      tr('Only one investigator stands in this visit. Two are needed.')}</${Notice}>`}
    ${visit.investigators.map((one) => html`<${Signer} key=${one.person ?? one.name} one=${one}
      record=${record} onVisit=${(now) => { setSigned(now); shared.refresh(); }} />`)}
  </${Frame}>`;
}

// What is said after the sealing. cell: an answer to be put right; without one, a supplement.
export function Amend({ record, cell, onClose, onDone }) {
  const [text, setText] = useState(cell?.value ?? '');
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState('');

  async function amend(secret) {
    if (text.trim() === '' || reason.trim() === '') {
      setMissing(tr('Write both, what is so and why it is said now.'));
      return;
    }
    await api.amend(record, secret, reason, [{ path: cell?.path ?? 'supplement', value: text }]);
    toast(tr('Signed. It stands beside the sealed record.'));
    onDone();
    onClose();
  }
  return html`<${Dialog} title=${cell ? tr('Put right: {name}', { name: cell.label ?? '' })
    : tr('Supplement')} onClose=${onClose}>
    <p class="quiet small">${tr('The sealed answers stay as they are; this stands beside them.')}</p>
    ${cell?.options ? html`<fieldset class="stack"><legend class="label">${tr('What is right')}
      </legend><div class="choices scroll" tabindex="0">${cell.options.map((one) => html`<label
        class="choice" key=${one.value}><input type="radio" name="right"
        checked=${text === one.value} onChange=${() => { setText(one.value); setMissing(''); }} />
        <span>${plain(one.text)}</span></label>`)}</div></fieldset>`
    : html`<${Field} label=${cell ? tr('What is right') : tr('What is to be added')} value=${text}
      onInput=${(value) => { setText(value); setMissing(''); }} />`}
    <${Field} label=${tr('Reason')} value=${reason} error=${missing}
      onInput=${(value) => { setReason(value); setMissing(''); }} />
    <${Secret} label=${tr('I sign')} run=${amend} onBack=${onClose} /></${Dialog}>`;
}
