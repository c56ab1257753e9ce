// second.mjs: the second factor: a telephone that shows codes, and ten codes on paper for the day on
// which it is gone.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Field, Notice } from 'kit/components.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Code } from 'kit/qr.mjs';

// onDone is called once the codes on paper were shown and taken.
export function Enrol({ onDone }) {
  const { found: offer, trouble, again } = useFound(() => get('api/second'));
  const [paper, setPaper] = useState(null);
  const [code, setCode] = useState('');
  const [error, setError] = useState('');

  async function confirm(event) {
    event.preventDefault();
    try {
      setPaper((await post('api/second', { code })).paper);
    } catch (failure) {
      setError(failure.message);
    }
  }
  if (paper) return html`<div class="stack"><p>${
      tr('Write these ten codes down, or print them. Each opens once when the telephone is gone.')
    }</p><ul class="paper" lang="en">${paper.map((one) => html`<li key=${one}>${one}</li>`)}</ul>
    <div class="row"><${Button} onClick=${() => print()}>${tr('Print')}</${Button}>
      <${Button} kind="primary" icon="check" onClick=${onDone}>${
        tr('I have them on paper')}</${Button}></div></div>`;
  return html`<${Failure} trouble=${trouble} onAgain=${again} />
    ${offer && html`<form class="stack" autocomplete="off" onSubmit=${confirm}>
    <p>${tr('Read this with an authenticator program of your telephone, then type the code it shows.')
    }</p><div class="center"><${Code} qr=${offer.qr} label=${tr('The secret as a QR code')} /></div>
    <details><summary class="small">${tr('The telephone cannot read it?')}</summary>
      <p class="one-time small" lang="en">${offer.secret.replace(/(.{4})/g, '$1 ')}</p></details>
    <${Field} label=${tr('Code of six digits')} value=${code} inputmode="numeric" error=${error}
      onInput=${(text) => { setCode(text); setError(''); }} />
    <div class="row"><${Button} kind="primary" type="submit" icon="check">${
      tr('Confirm')}</${Button}></div>
    ${error && html`<${Notice}>${tr('Telephones and servers need the right time.')}</${Notice}>`}
    </form>`}`;
}
