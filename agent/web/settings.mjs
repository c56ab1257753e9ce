// settings.mjs: language, outdoors, lock, and which tablet this is.
import { html, useReducer } from 'kit/html.mjs';
import { Button, Icon } from 'kit/components.mjs';
import { day } from 'kit/format.mjs';
import { isOutdoors, setLanguage, setOutdoors } from 'kit/preferences.mjs';
import { languageNow, tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';

function Switch({ legend, name, items, value, onPick }) {
  return html`<fieldset class="stack"><legend class="label">${legend}</legend>
    <div class="choices row">${items.map(([one, label, lang]) => html`<label class="choice"
      key=${one}>
      <input type="radio" name=${name} checked=${value === one} onChange=${() => onPick(one)} />
      <span lang=${lang}>${label}</span></label>`)}</div></fieldset>`;
}

export function Settings({ shared }) {
  const [, redraw] = useReducer((count) => count + 1, 0);

  async function lock() {
    await api.lock();
    shared.look();
  }
  return html`<${Frame} title=${tr('Settings')} back="#/" shared=${shared}>
    <section class="card stack">
      <${Switch} legend=${tr('Language')} name="language" value=${languageNow()}
        items=${[['zh', '中文', 'zh-CN'], ['en', 'English', 'en']]}
        onPick=${(one) => { setLanguage(one); redraw(); }} />
      <${Switch} legend=${tr('Light')} name="light"
        value=${isOutdoors() ? 'out' : 'in'}
        items=${[['in', tr('indoors')], ['out', tr('outdoors, in the sun: black and heavy')]]}
        onPick=${(one) => { setOutdoors(one === 'out'); redraw(); }} />
    </section>
    <section class="card stack"><h2><${Icon} name="person" /> ${shared.me.person?.name ?? ''}</h2>
      <p class="quiet">${tr(
        'Locking keeps everything. Sending goes on while the tablet is locked.')}</p>
      <div><${Button} icon="lock" onClick=${lock}>${tr('Lock')}</${Button}></div>
      <a class="item" href="#/people"><${Icon} name="person" /><span class="grow">${
        tr('People on this tablet')}</span><${Icon} name="next" /></a></section>
    <section class="card stack"><h2><${Icon} name="tablet" /> ${tr('This tablet')}</h2>
      <dl class="facts">
        <div class="fact"><dt>${tr('Name')}</dt><dd>${shared.status.name ?? ''}</dd></div>
        <div class="fact"><dt>${tr('County server')}</dt><dd>${shared.status.server ??
          ''}</dd></div>
        ${shared.status.ready_until && html`<div class="fact"><dt>${tr('Ready offline until')}</dt>
          <dd>${day(shared.status.ready_until)}</dd></div>`}
      </dl>
      <a class="item" href="#/ready"><${Icon} name="check" /><span class="grow">${
        tr('Ready without a network')}</span><${Icon} name="next" /></a></section>
  </${Frame}>`;
}
