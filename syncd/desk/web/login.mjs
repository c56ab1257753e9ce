// login.mjs: coming in: name and secret, and what the first time asks for. Nothing typed here is
// kept, by the page or by the browser.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Field, Notice } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { LanguageSwitch } from './frame.mjs';
import { Enrol } from './second.mjs';

function Sheet({ title, again, children }) {
  return html`<main class="entry"><div class="row spread"><h1>${tr('Sunshine console')}</h1>
    <${LanguageSwitch} again=${again} /></div>
    <div class="card stack"><h2>${title}</h2>${children}</div></main>`;
}

// send() answers the next me; a failure is shown at the field it concerns.
function useSending(onDone) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  async function submit(event, send) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      onDone(await send());
    } catch (trouble) {
      setError(trouble.message);
    }
    setBusy(false);
  }
  return { error, setError, busy, submit };
}

export function Login({ onDone, again }) {
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const { error, setError, busy, submit } = useSending(onDone);
  const field = useRef();

  useEffect(() => field.current?.focus(), []);
  return html`<${Sheet} title=${tr('Log in')} again=${again}>
    <form class="stack" autocomplete="off" onSubmit=${(event) => submit(event, async () => {
      try {
        return await api.login(name, secret);
      } finally {
        setSecret('');
      }
    })}>
      <${Field} label=${tr('Full name')} value=${name} inputRef=${field}
        onInput=${(text) => { setName(text); setError(''); }} />
      <${Field} label=${tr('Secret')} type="password" value=${secret} autocomplete="new-password"
        onInput=${(text) => { setSecret(text); setError(''); }} />
      ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
      <div class="row spread"><span></span><${Button} kind="primary" type="submit" icon="lock"
        busy=${busy}>${busy ? tr('Opening…') : tr('Log in')}</${Button}></div></form>
    <p class="quiet small">${
      tr('Forgotten? Ask the administrator for a new one. Nobody can look up the old one.')}</p></${Sheet}>`;
}

// The second step, for who has a second factor.
export function CodeStep({ onDone, onLeave, again }) {
  const [code, setCode] = useState('');
  const { error, setError, busy, submit } = useSending(onDone);
  const field = useRef();

  useEffect(() => field.current?.focus(), []);
  return html`<${Sheet} title=${tr('The code of your telephone')} again=${again}>
    <form class="stack" autocomplete="off"
      onSubmit=${(event) => submit(event, () => api.loginCode(code))}>
      <${Field} label=${tr('Code of six digits, or one from your paper')} value=${code}
        inputRef=${field} error=${error} onInput=${(text) => { setCode(text); setError(''); }} />
      <div class="row spread"><${Button} onClick=${onLeave}>${tr('Somebody else')}</${Button}>
        <${Button} kind="primary" type="submit" icon="lock" busy=${busy}>${
          tr('Log in')}</${Button}></div></form></${Sheet}>`;
}

export function EnrolStep({ onDone, again }) {
  return html`<${Sheet} title=${tr('Your role needs a telephone')} again=${again}>
    <${Enrol} onDone=${onDone} /></${Sheet}>`;
}

// Of the first time, or whenever one likes (then with a way back).
export function SecretForm({ onDone, onBack }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [twice, setTwice] = useState('');
  const { error, setError, busy, submit } = useSending(onDone);
  const field = (set) => (text) => { set(text); setError(''); };

  return html`<form class="stack" autocomplete="off" onSubmit=${(event) => {
      if (fresh !== twice) {
        event.preventDefault();
        setError(tr('The two new secrets are not the same.'));
        return;
      }
      submit(event, () => api.changeSecret(old, fresh));
    }}>
    <${Field} label=${tr('Secret until now')} type="password" value=${old}
      autocomplete="new-password" onInput=${field(setOld)} />
    <${Field} label=${tr('New secret')} type="password" value=${fresh} autocomplete="new-password"
      hint=${tr('Ten characters or more. A few words that only you would put together are best.')}
      onInput=${field(setFresh)} />
    <${Field} label=${tr('The new secret once more')} type="password" value=${twice}
      autocomplete="new-password" onInput=${field(setTwice)} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row spread">${onBack ? html`<${Button} onClick=${onBack}>${
      tr('Back')}</${Button}>` : html`<span></span>`}
      <${Button} kind="primary" type="submit" icon="check" busy=${busy}>${
        tr('Change the secret')}</${Button}></div></form>`;
}

// Who has a hand in the secret that one came in with.
export function ResetNotice({ reset, waits }) {
  return html`<${Notice} kind="warning"><p>${reset.first ? tr('{by} added you on {when} and made your first secret.', {
    by: reset.by, when: moment(reset.at) }) : tr('{by} made a new secret for you on {when}. Did you not ask for it? Then tell the county reviewer at once.', {
    by: reset.by, when: moment(reset.at) })}</p>${waits && html`<p>${
    tr('Until a second administrator or a county reviewer has confirmed it, you can read, and do nothing in your name.')}</p>`}</${Notice}>`;
}

export function FirstChange({ me, onDone, again }) {
  return html`<${Sheet} title=${tr('Choose a secret of your own')} again=${again}>
    ${me.reset && html`<${ResetNotice} reset=${me.reset} />`}
    <p>${tr('The secret that you were given is for this one time.')}</p>
    <${SecretForm} onDone=${onDone} /></${Sheet}>`;
}
