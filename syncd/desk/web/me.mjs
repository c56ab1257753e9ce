// me.mjs: the person at this desk: own rights, own secret.
import { html } from 'kit/html.mjs';
import { toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { Frame } from './frame.mjs';
import { SecretForm } from './login.mjs';
import { areaName, roleName } from './words.mjs';

export function Me({ shared }) {
  const { me } = shared;

  return html`<${Frame} title=${me.name}><div class="columns">
    <section class="card stack"><h2>${tr('What I may')}</h2><dl class="facts">
      <dt>${tr('Role')}</dt><dd>${roleName(me.role)}</dd>
      <dt>${tr('Areas')}</dt><dd>${me.areas.map(areaName).join(', ')}</dd>
      <dt>${tr('This login ends')}</dt><dd>${moment(me.until)}</dd></dl></section>
    <section class="card stack"><h2>${tr('Another secret')}</h2>
      <${SecretForm} onDone=${(now) => { shared.setMe(now);
        toast(tr('Changed. Everywhere else you are logged out.')); }} /></section>
  </div></${Frame}>`;
}
