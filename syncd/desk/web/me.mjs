// me.mjs: the person at this desk: own rights, own secret, second factor, where else logged in.
import { html, useState } from 'kit/html.mjs';
import { Button, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { Frame } from './frame.mjs';
import { SecretForm } from './login.mjs';
import { Enrol } from './second.mjs';
import { Sessions } from './sessions.mjs';
import { Tokens } from './tokens.mjs';
import { areaName, roleName } from './words.mjs';

export function Me({ shared }) {
  const { me } = shared;
  const [isEnrolling, setEnrolling] = useState(false);

  return html`<${Frame} title=${me.name}><div class="columns">
    <section class="card stack"><h2>${tr('What I may')}</h2><dl class="facts">
      <dt>${tr('Role')}</dt><dd>${roleName(me.role)}</dd>
      <dt>${tr('Areas')}</dt><dd>${me.areas.map(areaName).join(', ')}</dd>
      <dt>${tr('This login ends')}</dt><dd>${moment(me.until)}</dd>
      ${me.reset && html`<dt>${me.reset.first ? tr('Added by') : tr('New secret by')}</dt><dd>${me.reset.by} · ${
        moment(me.reset.at)}</dd>`}</dl>
      <h2>${tr('Where I am logged in')}</h2><${Sessions} path="api/sessions" mayEnd /></section>
    <section class="card stack"><h2>${tr('Second factor')}</h2>${isEnrolling
      ? html`<${Enrol} onDone=${() => { setEnrolling(false);
        toast(tr('From now on the telephone is asked for, too.')); }} />`
      : html`<p class="quiet">${tr('A code of your telephone, asked for at each login.')}</p>
        <div><${Button} icon="safe" onClick=${() => setEnrolling(true)}>${
          tr('Set up a telephone')}</${Button}></div>`}</section>
    <section class="card stack"><h2>${tr('Another secret')}</h2>
      <${SecretForm} onDone=${(now) => { shared.setMe(now);
        toast(tr('Changed. Everywhere else you are logged out.')); }} /></section>
    <section class="card stack"><h2>${tr('Programs that read for me')}</h2>
      <${Tokens} me=${me} /></section>
  </div></${Frame}>`;
}
