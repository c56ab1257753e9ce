// secret.mjs: somebody types his own secret: the second investigator who joins, whoever signs. What is
// typed goes to the program and is kept nowhere.
import { html, useRef, useState } from 'kit/html.mjs';
import { Button, Field } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

// run(secret) may throw; its words stand at the field. label: what the button says; onBack: there is
// a quiet one beside it.
export function Secret({ onBack, label, icon = 'pen', hint, run, name }) {
  const [secret, setSecret] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const field = useRef();

  async function send(event) {
    event.preventDefault();
    if (busy) return;
    if (secret === '') {
      setError(tr('Type your secret.'));
      return;
    }
    setBusy(true);
    try {
      await run(secret);
      setSecret('');
    } catch (trouble) {
      setError(trouble.message);
      setSecret('');
      field.current?.focus();
    }
    setBusy(false);
  }
  return html`<form class="stack" autocomplete="off" onSubmit=${send}>
    <${Field} label=${name ? tr('Secret of {name}', { name }) : tr('Your secret')} hint=${hint}
      type="password" value=${secret} inputRef=${field} error=${error} autocomplete="new-password"
      onInput=${(text) => { setSecret(text); setError(''); }} />
    <div class="row ${onBack ? 'spread' : ''}">${onBack && html`<${Button} onClick=${onBack}>${
      tr('Back')}</${Button}>`}<${Button} kind="primary" icon=${icon} type="submit" busy=${busy}>${
      label}</${Button}></div></form>`;
}
