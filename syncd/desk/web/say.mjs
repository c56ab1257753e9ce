// say.mjs: the dialog in which somebody says why, and then does it. fields: more questions of it.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

export function Area({ label, hint, value, onInput, required, inputRef }) {
  const id = `area-${label}`;

  return html`<div class="field"><label class="label" for=${id}>${label}${required &&
      html`<span aria-hidden="true"> *</span>`}</label>
    ${hint && html`<p class="quiet small" id="${id}h">${hint}</p>`}
    <textarea class="input" id=${id} rows="3" value=${value} ref=${inputRef} autocomplete="off"
      aria-describedby=${hint ? `${id}h` : undefined} aria-required=${required ? 'true' : undefined}
      onInput=${(event) => onInput(event.currentTarget.value)}></textarea></div>`;
}

// onDone(reason) does it; what it throws is shown, and nothing typed is lost.
export function Why({ title, hint, action, words, kind = 'primary', optional, onDone, onClose,
  children }) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);

  async function done(event) {
    event.preventDefault();
    if (busy) return;
    if (!optional && reason.trim() === '') {
      setError(tr('Say why; it stays with the record.'));
      return;
    }
    setBusy(true);
    setTrouble(null);
    try {
      await onDone(reason.trim());
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="stack" autocomplete="off" onSubmit=${done}>
      ${children}
      <${Area} label=${words ?? tr('Reason')} hint=${hint} value=${reason} required=${!optional}
        onInput=${(text) => { setReason(text); setError(''); }} />
      ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
      <${Failure} trouble=${trouble} />
      <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
        <${Button} kind=${kind} type="submit" busy=${busy}>${action}</${Button}></div></form>
  </${Dialog}>`;
}
