// unlock.mjs: who is at work. Choose the person, type the secret; nothing of either is kept here.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Field, Icon, Notice } from 'kit/components.mjs';
import { setLanguage } from 'kit/preferences.mjs';
import { languageNow, tr } from 'kit/words.mjs';
import * as api from './api.mjs';

export function NoEntry({ trouble }) {
  return html`<main class="narrow"><h1>${tr('Please open the app by its icon')}</h1>
    <${Notice} kind="warning"><p>${
      tr(
        'This page only opens for who started it on this tablet. Close it and start the app again.')
    }</p><p class="small">${trouble.message}</p></${Notice}></main>`;
}

export function LanguageSwitch({ onSwitch }) {
  const other = languageNow() === 'zh' ? 'en' : 'zh';

  return html`<button type="button" class="button plain" lang=${other === 'zh' ? 'zh-CN' : 'en'}
    onClick=${() => { setLanguage(other); onSwitch(other); }}>${
    other === 'zh' ? '中文' : 'English'}</button>`;
}

export function Unlock({ me, onOpen }) {
  const people = me.persons ?? [];
  const [person, setPerson] = useState(people.length === 1 ? people[0].id : '');
  const [secret, setSecret] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [, again] = useState(0);
  const field = useRef();
  const chosen = people.find((one) => one.id === person);

  useEffect(() => {
    field.current?.focus();
  }, [person]);
  async function open(event) {
    event.preventDefault();
    if (busy) return;
    if (secret === '') {
      setError(tr('Type your secret.'));
      return;
    }
    setBusy(true);
    try {
      await api.unlock(person, secret);
      setSecret('');
      onOpen();
    } catch (trouble) {
      setError(trouble.message);
      setSecret('');
      field.current?.focus();
    }
    setBusy(false);
  }
  return html`<main class="narrow unlock"><div class="row spread">
      <h1>${tr('Sunshine visits')}</h1><${LanguageSwitch} onSwitch=${() => again((n) => n +
        1)} /></div>
    <div class="card stack">
      ${!chosen && html`<h2>${tr('Who is working?')}</h2>
        <ul class="list">${people.map((one) => html`<li key=${one.id}>
          <button type="button" class="item" onClick=${() => setPerson(one.id)}>
          <${Icon} name="person" /><span class="grow">${one.name}</span><${Icon} name="next" />
          </button></li>`)}</ul>`}
      ${people.length === 0 && html`<p>${
        tr('Nobody works on this tablet yet. Ask the county for a code and enrol it.')}</p>`}
      ${chosen && html`<form class="stack" autocomplete="off" onSubmit=${open}>
        <h2><${Icon} name="person" /> ${chosen.name}</h2>
        <${Field} label=${tr('Secret')} type="password" value=${secret} inputRef=${field}
          error=${error} autocomplete="new-password"
          onInput=${(text) => { setSecret(text); setError(''); }} />
        <div class="row spread">
          ${people.length > 1 ? html`<${Button} kind="plain" onClick=${() => {
            setPerson(''); setSecret(''); setError(''); }}>${tr('Somebody else')}</${Button}>`
            : html`<span></span>`}
          <${Button} kind="primary" icon="lock" type="submit" busy=${busy}>${
            busy ? tr('Opening…') : tr('Unlock')}</${Button}></div></form>`}
    </div>
    <p class="quiet small">${
      tr(
        'Without the secret nobody can read what is on this tablet. Locked, it goes on sending.')
    }</p></main>`;
}
